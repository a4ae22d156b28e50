variable "name_prefix" {
  description = "Beginning of every name here: project and environment, as in todo-staging."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]*[a-z0-9])?$", var.name_prefix)) && length(var.name_prefix) <= 41
    error_message = "name_prefix must be lower-case letters, digits and hyphens, begin with a letter, and have 41 characters at most."
  }
}

variable "service_name" {
  description = "Name of the service, and of its part in other names."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.service_name))
    error_message = "service_name must be a DNS label of 32 characters at most: lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "aws_region" {
  description = "Region that the service runs in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region's code, such as us-east-2."
  }
}

variable "account_id" {
  description = "Account that the service runs in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "partition" {
  description = "AWS partition of the account."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z-]+)?$", var.partition))
    error_message = "partition must be aws, aws-cn or aws-us-gov."
  }
}

variable "cluster_arn" {
  description = "ECS cluster that runs the service."
  type        = string

  validation {
    condition     = startswith(var.cluster_arn, "arn:")
    error_message = "cluster_arn must be an ARN."
  }
}

variable "repository_url" {
  description = "Repository that the images of the container named lb_container_name are pushed to."
  type        = string

  validation {
    condition     = can(regex("^[^\\s:@]+(:[0-9]+)?/[^\\s:@]+$", var.repository_url))
    error_message = "repository_url must be a registry host and a repository, without tag or digest."
  }
}

variable "repository_arn" {
  description = "ARN of that repository. ECS may pull from it, and from further_repository_arns, for this service."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:ecr:", var.repository_arn))
    error_message = "repository_arn must be the ARN of an ECR repository."
  }
}

variable "further_repository_arns" {
  description = "ECR repositories that other containers of the task come from, if any. A public registry needs no entry."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.further_repository_arns : can(regex("^arn:[a-z-]+:ecr:", arn))])
    error_message = "Each of further_repository_arns must be the ARN of an ECR repository."
  }
}

variable "task_policies" {
  description = "What the service's code may do: name, then the policy document as JSON."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.task_policies) : can(regex("^[A-Za-z0-9+=,.@_-]{1,128}$", name))])
    error_message = "Each name in task_policies may hold letters, digits and any of + = , . @ _ -"
  }
}

variable "log_retention_days" {
  description = "Days that the service's log is kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the service's two roles can ever be allowed. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}
