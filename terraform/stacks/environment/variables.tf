variable "project_name" {
  description = "Name of the project: beginning of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.project_name))
    error_message = "project_name must be a DNS label of 20 characters at most: lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "environment_name" {
  description = "Name of the environment, such as staging: second part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.environment_name)) && !contains(["shared", "origin"], var.environment_name)
    error_message = "environment_name must be a DNS label of 20 characters at most: lower-case letters, digits and hyphens, beginning with a letter. The names shared and origin are taken."
  }
}

variable "aws_region" {
  description = "Region that the environment runs in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region's code, such as us-east-2."
  }
}

variable "owner" {
  description = "Team or person who answers for the environment, for the tag Owner."
  type        = string

  validation {
    condition     = can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", var.owner))
    error_message = "owner must have 1 to 256 characters that a tag takes: letters, digits, spaces and any of _ . : / = + @ -"
  }
}

variable "domain_name" {
  description = "Full host name that people use for this environment, such as staging.todo.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name))
    error_message = "domain_name must be a full host name, such as staging.todo.example.com."
  }
}

variable "subnet_slot" {
  description = "Slot of the shared network that the environment stands in: 0 for production, 1 for staging, further ones as the shared stack makes them."
  type        = number

  validation {
    condition     = var.subnet_slot >= 0 && var.subnet_slot <= 6 && floor(var.subnet_slot) == var.subnet_slot
    error_message = "subnet_slot must be a whole number between 0 and 6."
  }
}

variable "remote_state" {
  description = "Where the shared stack's state is kept: bucket, key and region."
  type        = object({ bucket = string, key = string, region = string })

  validation {
    condition     = alltrue([for value in values(var.remote_state) : length(value) > 0])
    error_message = "remote_state needs a bucket, a key and a region."
  }
}

variable "emulated" {
  description = "Whether an emulator answers instead of AWS: S3 by path, no check of credentials, region or metadata service. Its address comes from AWS_ENDPOINT_URL."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what every role of the environment can ever be allowed. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}
