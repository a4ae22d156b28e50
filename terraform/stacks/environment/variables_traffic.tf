variable "origin_protocol_policy" {
  description = "How CloudFront speaks to the load balancer: https-only, or http-only for an emulator that serves no TLS behind CloudFront. The load balancer is open to CloudFront on that port alone."
  type        = string
  default     = "https-only"
  nullable    = false

  validation {
    condition     = contains(["https-only", "http-only"], var.origin_protocol_policy)
    error_message = "origin_protocol_policy must be https-only or http-only."
  }
}

variable "viewer_protocol_policy" {
  description = "What CloudFront does with people who come over HTTP: redirect-to-https, https-only (refuse), or allow-all for an emulator on loopback."
  type        = string
  default     = "redirect-to-https"
  nullable    = false

  validation {
    condition     = contains(["redirect-to-https", "https-only", "allow-all"], var.viewer_protocol_policy)
    error_message = "viewer_protocol_policy must be redirect-to-https, https-only or allow-all."
  }
}

variable "http_listener_forwards" {
  description = "Whether the load balancer's HTTP listener forwards to services; needed with origin_protocol_policy http-only. False: it redirects to HTTPS."
  type        = bool
  default     = false
  nullable    = false
}

variable "cloudfront_wait_for_deployment" {
  description = "Whether to wait until CloudFront has reached all its edges. False: the address answers a little after the apply has ended."
  type        = bool
  default     = true
  nullable    = false
}

variable "emulator_port" {
  description = "Port of an emulator on this machine. When given, CloudFront reaches the load balancer through it, and need not wait for the load balancer's own name: the apply is some 30 seconds shorter, but an emulator that moves to another port needs an update. Only with origin_protocol_policy http-only."
  type        = number
  default     = null

  validation {
    condition     = try(var.emulator_port >= 1024 && var.emulator_port <= 65535 && floor(var.emulator_port) == var.emulator_port, var.emulator_port == null)
    error_message = "emulator_port must be a whole number between 1024 and 65535."
  }
}

variable "price_class" {
  description = "Edges that CloudFront serves from: PriceClass_100 (North America, Europe), PriceClass_200 (also Asia, Middle East, Africa) or PriceClass_All."
  type        = string
  default     = "PriceClass_100"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "site_routing" {
  description = "How the site's paths become files, in this order. rules: the first prefix that fits whole parts of the path is replaced with replace_with. index_in_folders: /about and /about/ are /about/index.html. single_page: every path without a file's extension is /index.html. Null: a path is the file of that name."
  type = object({
    index_in_folders = optional(bool, false)
    single_page      = optional(bool, false)
    rules = optional(list(object({
      prefix       = string
      replace_with = optional(string, "")
    })), [])
  })
  default = null

  validation {
    condition     = !try(var.site_routing.index_in_folders && var.site_routing.single_page, false)
    error_message = "site_routing takes index_in_folders or single_page, not both: each says what a path without a file's extension means."
  }

  validation {
    condition     = alltrue([for rule in try(var.site_routing.rules, []) : startswith(rule.prefix, "/") && (rule.replace_with == "" || startswith(rule.replace_with, "/"))])
    error_message = "Each prefix in site_routing.rules must be a path, such as /docs, and each replace_with a path too, or empty to take the prefix off."
  }
}

variable "content_security_policy" {
  description = "Content-Security-Policy that every answer carries, such as default-src 'self'. Null: none, since only the site knows what its pages load."
  type        = string
  default     = null

  validation {
    condition     = var.content_security_policy == null || try(can(regex("^[ -~]+$", var.content_security_policy)) && length(var.content_security_policy) <= 2000, false)
    error_message = "content_security_policy must be one line of 1 to 2000 plain characters, such as default-src 'self'."
  }
}

variable "permissions_policy" {
  description = "Permissions-Policy that every answer carries: what of a visitor's machine the pages may use, such as geolocation=(self). Null: no camera, no location, no microphone, no payment, no USB."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_policy == null || try(can(regex("^[ -~]+$", var.permissions_policy)) && length(var.permissions_policy) <= 2000, false)
    error_message = "permissions_policy must be one line of 1 to 2000 plain characters, such as camera=(), microphone=()."
  }
}

variable "web_acl_arn" {
  description = "Firewall rules that every request passes first: a WAF web ACL for CloudFront, paid by the month and the request. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null || can(regex("^arn:[a-z-]+:wafv2:us-east-1:[0-9]{12}:global/webacl/", var.web_acl_arn))
    error_message = "web_acl_arn must be the ARN of a global web ACL in us-east-1: CloudFront takes no other."
  }
}
