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
    condition     = var.listener_priority >= 1 && var.listener_priority <= 50000 && floor(var.listener_priority) == var.listener_priority
    error_message = "listener_priority must be a whole number between 1 and 50000."
  }
}

variable "path_patterns" {
  description = "Paths that belong to the service, such as /api/*: five for each rule at most."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.path_patterns) > 0 && length(distinct(var.path_patterns)) == length(var.path_patterns)
    error_message = "path_patterns must name at least one path, each once."
  }

  validation {
    condition     = alltrue([for pattern in var.path_patterns : can(regex("^/[A-Za-z0-9_.$/~\"'@:+*?&-]{0,127}$", pattern))])
    error_message = "Each of path_patterns must begin with / and have 128 characters at most; * and ? stand for others."
  }
}

variable "path_priorities" {
  description = "Paths of path_patterns that get a rule with a place of its own: path, then place. For services whose paths lie within each other's. The rest share the rule at listener_priority."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.path_priorities), var.path_patterns)) == 0
    error_message = "path_priorities may only name paths that path_patterns names; it also names ${join(", ", setsubtract(keys(var.path_priorities), var.path_patterns))}."
  }

  validation {
    condition     = length(setsubtract(var.path_patterns, keys(var.path_priorities))) <= 5
    error_message = "path_priorities must give path_patterns places of their own where there are more than five: one rule takes no more."
  }

  validation {
    condition     = alltrue([for priority in values(var.path_priorities) : priority >= 1 && priority <= 50000 && floor(priority) == priority])
    error_message = "Each place in path_priorities must be a whole number between 1 and 50000."
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
