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

variable "access_logs" {
  description = "Bucket that a line for every request is written to, and the folder there (prefix), if any. The bucket's policy must let the load balancers of its region write. Null: no access logs."
  type        = object({ bucket = string, prefix = optional(string) })
  default     = null

  validation {
    condition     = try(can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_logs.bucket)), false) || var.access_logs == null
    error_message = "access_logs.bucket must be a bucket's name."
  }

  validation {
    condition     = try(!startswith(var.access_logs.prefix, "/") && !endswith(var.access_logs.prefix, "/") && !strcontains(var.access_logs.prefix, "AWSLogs"), true)
    error_message = "access_logs.prefix must not begin or end with / and must not hold AWSLogs, which AWS puts behind it."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer."
  type        = bool
  default     = false
  nullable    = false
}
