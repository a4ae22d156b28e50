variable "name" {
  description = "Name of the load balancer, 32 characters at most."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name may hold 32 letters, digits and hyphens, must not begin or end with a hyphen, and must not begin with internal-."
  }
}

variable "subnet_ids" {
  description = "Subnets to stand in, in at least two zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must name subnets of at least two zones: an application load balancer asks for them."
  }
}

variable "security_group_ids" {
  description = "Security groups that say who may reach the load balancer."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "security_group_ids must name at least one group."
  }
}

variable "certificate_arns" {
  description = "Certificates of the HTTPS listener: the first is the default, the others are chosen by name."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.certificate_arns) > 0
    error_message = "certificate_arns must name at least one certificate."
  }
}

variable "internal" {
  description = "Whether the load balancer is only reachable from inside the network."
  type        = bool
  default     = false
  nullable    = false
}

variable "http_listener_forwards" {
  description = "Whether the HTTP listener answers by the same rules as the HTTPS one. False: it redirects to HTTPS."
  type        = bool
  default     = false
  nullable    = false
}

variable "https_listener_rules" {
  description = "Rules of the HTTPS listener that forward to a target group by path, host, or both: any name, then the rule."
  type = map(object({
    priority         = number
    target_group_arn = string
    path_patterns    = optional(list(string), [])
    host_headers     = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.https_listener_rules) : length(rule.path_patterns) + length(rule.host_headers) > 0])
    error_message = "Every rule in https_listener_rules needs a path pattern or a host."
  }

  validation {
    condition     = alltrue([for rule in values(var.https_listener_rules) : rule.priority >= 1 && rule.priority <= 50000])
    error_message = "Priorities in https_listener_rules must lie between 1 and 50000."
  }
}

variable "ssl_policy" {
  description = "Security policy of the HTTPS listener: which TLS versions and ciphers it takes."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  nullable    = false

  validation {
    condition     = startswith(var.ssl_policy, "ELBSecurityPolicy-TLS13-1-2-") || startswith(var.ssl_policy, "ELBSecurityPolicy-TLS13-1-3-")
    error_message = "ssl_policy must be a policy that takes nothing older than TLS 1.2: its name begins with ELBSecurityPolicy-TLS13-1-2- or ELBSecurityPolicy-TLS13-1-3-."
  }
}

variable "idle_timeout_seconds" {
  description = "Seconds that a connection may be silent before it is closed."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout_seconds >= 1 && var.idle_timeout_seconds <= 4000
    error_message = "idle_timeout_seconds must lie between 1 and 4000."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer."
  type        = bool
  default     = false
  nullable    = false
}
