variable "vpc_id" {
  description = "Network that the tasks stand in."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the identifier of a VPC."
  }
}

variable "subnet_ids" {
  description = "Subnets that the tasks stand in."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids must name at least one subnet."
  }
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer: the only one whose requests reach the tasks."
  type        = string

  validation {
    condition     = startswith(var.load_balancer_security_group_id, "sg-")
    error_message = "load_balancer_security_group_id must be the identifier of a security group."
  }
}

variable "listener_arns" {
  description = "Listeners that send the service its requests: any name, then the listener's ARN."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.listener_arns) > 0
    error_message = "listener_arns must name at least one listener."
  }
}

variable "listener_priority" {
  description = "Place of the service's rule among the listener's rules: lower is asked first. Unique per listener."
  type        = number

  validation {
    condition     = var.listener_priority >= 1 && var.listener_priority <= 50000
    error_message = "listener_priority must lie between 1 and 50000."
  }
}

variable "path_pattern" {
  description = "Paths that belong to the service, such as /api/*."
  type        = string

  validation {
    condition     = can(regex("^/[A-Za-z0-9_.$/~\"'@:+*?&-]{0,127}$", var.path_pattern))
    error_message = "path_pattern must begin with / and have 128 characters at most; * and ? stand for others."
  }
}

variable "health_check" {
  description = "How the load balancer asks a task whether it is well."
  type = object({
    path                = string
    matcher             = optional(string, "200")
    interval_seconds    = optional(number, 10)
    timeout_seconds     = optional(number, 5)
    healthy_threshold   = optional(number, 2)
    unhealthy_threshold = optional(number, 3)
  })

  validation {
    condition     = startswith(var.health_check.path, "/")
    error_message = "health_check.path must begin with /."
  }

  validation {
    condition     = var.health_check.timeout_seconds < var.health_check.interval_seconds
    error_message = "health_check.timeout_seconds must be shorter than health_check.interval_seconds."
  }
}

variable "desired_count" {
  description = "Tasks to create the service with, when it is created with an image. Ignored once the service exists."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.desired_count >= 1 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count must be a whole number of at least 1."
  }
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

variable "deregistration_delay_seconds" {
  description = "Seconds that a leaving task may finish the requests it has."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deregistration_delay_seconds >= 0 && var.deregistration_delay_seconds <= 3600
    error_message = "deregistration_delay_seconds must lie between 0 and 3600."
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
