variable "name" {
  description = "What the distribution is listed as, and beginning of the name of its header policy: project and environment."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "name must have 1 to 100 letters, digits, hyphens or underscores: names of CloudFront's policies begin with it."
  }
}

variable "domain_name" {
  description = "Full host name that people use."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name))
    error_message = "domain_name must be a full host name, such as staging.todo.example.com."
  }
}

variable "zone_id" {
  description = "Hosted zone that domain_name lies in."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the identifier of a hosted zone, such as Z0123456789ABC."
  }
}

variable "certificate_arn" {
  description = "Certificate for domain_name, in us-east-1."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:us-east-1:", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in us-east-1: CloudFront takes no other."
  }
}

variable "site_origin" {
  description = "Bucket of the site: its host name, the origin access control that requests to it are signed with, and, where paths are routed, the CloudFront function that sees viewers' requests first."
  type = object({
    host                        = string
    access_control_id           = string
    viewer_request_function_arn = optional(string)
  })

  validation {
    condition     = length(var.site_origin.host) > 0 && length(var.site_origin.access_control_id) > 0
    error_message = "site_origin needs a host and an access_control_id."
  }

  validation {
    condition     = var.site_origin.viewer_request_function_arn == null || can(regex("^arn:[a-z-]+:cloudfront::[0-9]{12}:function/", var.site_origin.viewer_request_function_arn))
    error_message = "site_origin.viewer_request_function_arn must be the ARN of a CloudFront function."
  }
}

variable "services_origin" {
  description = "Where the services are reached: host name, protocol_policy (https-only or http-only), HTTP port, and a path put before every request's own."
  type = object({
    host            = string
    protocol_policy = optional(string, "https-only")
    http_port       = optional(number, 80)
    path            = optional(string, "")
  })

  validation {
    condition     = contains(["https-only", "http-only"], var.services_origin.protocol_policy)
    error_message = "services_origin.protocol_policy must be https-only or http-only."
  }

  validation {
    condition     = var.services_origin.path == "" || can(regex("^/.*[^/]$", var.services_origin.path))
    error_message = "services_origin.path must be empty, or begin with / and not end with one."
  }
}

variable "service_path_patterns" {
  description = "Paths that belong to services, such as /api/*, in the order they are asked. All others are the site's."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for pattern in var.service_path_patterns : startswith(pattern, "/")])
    error_message = "Each of service_path_patterns must begin with /."
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
  description = "Permissions-Policy that every answer carries: what of a visitor's machine the pages may use. What a site needs has to be taken out of the list, as in geolocation=(self)."
  type        = string
  default     = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
  nullable    = false

  validation {
    condition     = can(regex("^[ -~]+$", var.permissions_policy)) && length(var.permissions_policy) <= 2000
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

variable "wait_for_deployment" {
  description = "Whether to wait until CloudFront has reached all its edges. False: the address answers a little after the apply has ended."
  type        = bool
  default     = true
  nullable    = false
}
