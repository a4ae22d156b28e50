variable "desired_count" {
  description = "Tasks to create the service with, when its containers have an image. Ignored once the service exists: deployments own it, or autoscaling."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.desired_count >= 1 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count must be a whole number of at least 1."
  }
}

variable "asleep" {
  description = "Whether deployments and autoscaling are to ask for no task at all, whatever desired_count and autoscaling say."
  type        = bool
  default     = false
  nullable    = false
}

# A t3.micro has two network interfaces, so it carries one awsvpc task beside itself: two instances are full
# with two tasks, and a roll-out has to take one out before the next fits. 50 and 100 per cent say just
# that, for ECS and for the emulator alike: one of two goes on serving. Where an instance is to spare, or for
# a single task (half of one rounds up to one, and nothing could ever be taken out), choose others.
variable "deployment_minimum_healthy_percent" {
  description = "Part of the desired tasks, in per cent, that must stay up during a roll-out; ECS rounds the number of tasks up."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.deployment_minimum_healthy_percent >= 0 && var.deployment_minimum_healthy_percent <= 100
    error_message = "deployment_minimum_healthy_percent must lie between 0 and 100."
  }
}

variable "deployment_maximum_percent" {
  description = "Part of the desired tasks, in per cent, that may run during a roll-out, old and new together; ECS rounds the number of tasks down."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.deployment_maximum_percent >= 100 && var.deployment_maximum_percent <= 400
    error_message = "deployment_maximum_percent must lie between 100 and 400."
  }
}

variable "health_check_grace_period_seconds" {
  description = "Seconds that a starting task is given before a failed health check counts."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.health_check_grace_period_seconds >= 0
    error_message = "health_check_grace_period_seconds must not be negative."
  }
}

variable "stop_timeout_seconds" {
  description = "Seconds between asking a container to stop and ending it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.stop_timeout_seconds >= 2 && var.stop_timeout_seconds <= 120
    error_message = "stop_timeout_seconds must lie between 2 and 120."
  }
}

variable "autoscaling" {
  description = <<-EOT
    Lets the number of tasks follow the load, between min_count and max_count: cpu_percent is the average use of the processor share that the tasks
    set aside (cpu_units of their containers), requests_per_target the requests a minute for each task; at least one of the two. More tasks come at once, but not oftener than
    scale_out_cooldown_seconds, fewer not oftener than scale_in_cooldown_seconds. Null: as many tasks as the last deployment said.
  EOT
  type = object({
    min_count                  = number
    max_count                  = number
    cpu_percent                = optional(number)
    requests_per_target        = optional(number)
    scale_in_cooldown_seconds  = optional(number, 300)
    scale_out_cooldown_seconds = optional(number, 60)
  })
  default = null

  validation {
    condition     = try(var.autoscaling.cpu_percent != null || var.autoscaling.requests_per_target != null, var.autoscaling == null)
    error_message = "autoscaling needs cpu_percent, requests_per_target, or both: without a target nothing would ever scale."
  }

  validation {
    condition     = try(var.autoscaling.cpu_percent == null, true) || anytrue([for container in var.containers : container.cpu_units != null])
    error_message = "autoscaling.cpu_percent needs cpu_units in containers: ECS measures the use of what was set aside, and nothing is."
  }

  validation {
    condition     = try(var.autoscaling.min_count >= 1 && var.autoscaling.min_count <= var.autoscaling.max_count, var.autoscaling == null)
    error_message = "autoscaling.min_count must be at least 1, and must not be above autoscaling.max_count."
  }

  validation {
    condition     = try(floor(var.autoscaling.min_count) == var.autoscaling.min_count && floor(var.autoscaling.max_count) == var.autoscaling.max_count, var.autoscaling == null)
    error_message = "autoscaling.min_count and autoscaling.max_count must be whole numbers."
  }

  validation {
    condition     = try(var.desired_count >= var.autoscaling.min_count && var.desired_count <= var.autoscaling.max_count, var.autoscaling == null)
    error_message = "desired_count must lie between autoscaling.min_count and autoscaling.max_count: the number of tasks would be changed at once."
  }

  validation {
    condition = var.autoscaling == null || alltrue([
      try(var.autoscaling.cpu_percent >= 1 && var.autoscaling.cpu_percent <= 100, true),
      try(var.autoscaling.requests_per_target >= 1, true),
      try(var.autoscaling.scale_in_cooldown_seconds >= 0 && var.autoscaling.scale_out_cooldown_seconds >= 0, true),
    ])
    error_message = "autoscaling.cpu_percent must lie between 1 and 100, autoscaling.requests_per_target must be at least 1, and the cooldowns of autoscaling must not be negative."
  }
}

variable "load_balancer_arn_suffix" {
  description = "Load balancer as CloudWatch names it, such as app/todo-staging/0123456789abcdef. Needed with autoscaling.requests_per_target, whose requests are counted there."
  type        = string
  default     = null

  validation {
    condition     = try(var.autoscaling.requests_per_target, null) == null || var.load_balancer_arn_suffix != null
    error_message = "load_balancer_arn_suffix is needed with autoscaling.requests_per_target: the load balancer counts the requests."
  }

  validation {
    condition     = var.load_balancer_arn_suffix == null || can(regex("^app/[^/]+/[^/]+$", var.load_balancer_arn_suffix))
    error_message = "load_balancer_arn_suffix must be the end of an application load balancer's ARN, beginning with app/."
  }
}
