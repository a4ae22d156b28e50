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

variable "domain_name" {
  description = "Full host name that people use for this environment, such as staging.todo.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name))
    error_message = "domain_name must be a full host name, such as staging.todo.example.com."
  }
}

variable "repositories" {
  description = "Image repositories of the services: service, then arn and url."
  type        = map(object({ arn = string, url = string }))
  nullable    = false

  validation {
    condition     = alltrue([for repository in values(var.repositories) : startswith(repository.arn, "arn:") && length(repository.url) > 0])
    error_message = "Every repository in repositories needs an ARN and an address."
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

variable "vpc_id" {
  description = "Network that the environment stands in."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the identifier of a VPC."
  }
}

variable "subnet_ids" {
  description = "Public subnets of the environment's slot, one a zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must name subnets of at least two zones."
  }
}

variable "tags" {
  description = "Tags for the instances, their disks and interfaces, which the provider's default tags do not reach."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "No key in tags may begin with aws: which AWS keeps for itself."
  }
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
