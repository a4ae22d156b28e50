variable "name" {
  description = "Name of the role. Past 64 characters it is shortened, and ends in a digest of the whole."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,128}$", var.name))
    error_message = "name may hold letters, digits and any of + = , . @ _ -"
  }
}

variable "description" {
  description = "What the role is for."
  type        = string

  validation {
    condition     = length(var.description) >= 1 && length(var.description) <= 1000
    error_message = "description must have 1 to 1000 characters."
  }
}

variable "trusted_service" {
  description = "AWS service that may assume the role."
  type        = string
  default     = "ec2.amazonaws.com"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", var.trusted_service))
    error_message = "trusted_service must be a service's principal, such as ec2.amazonaws.com."
  }
}

variable "trust_conditions" {
  description = "Conditions on who may assume the role: operator, then condition key, then value. They keep a service from being used on behalf of another account."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for keys in values(var.trust_conditions) : length(keys) > 0])
    error_message = "Every operator in trust_conditions needs at least one condition key."
  }
}

variable "managed_policy_arns" {
  description = "Policies kept by AWS or elsewhere to attach: any name, then the policy's ARN."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.managed_policy_arns) : can(regex("^arn:[a-z-]+:iam::[a-z0-9]*:policy/", arn))])
    error_message = "Each value of managed_policy_arns must be the ARN of an IAM policy."
  }
}

variable "inline_policies" {
  description = "Policies written into the role: name, then the policy document as JSON."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.inline_policies) : can(regex("^[A-Za-z0-9+=,.@_-]{1,128}$", name))])
    error_message = "Each name in inline_policies may hold letters, digits and any of + = , . @ _ -"
  }

  validation {
    condition     = alltrue([for policy in values(var.inline_policies) : can(jsondecode(policy).Statement)])
    error_message = "Each value of inline_policies must be a policy document as JSON, with a Statement."
  }
}

variable "create_instance_profile" {
  description = "Whether EC2 instances are to carry the role."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the role can ever be allowed, whatever is attached to it. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}
