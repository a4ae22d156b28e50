variable "name" {
  description = "Name of the network, and beginning of the names in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label: lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "aws_region" {
  description = "Region that the network stands in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region's code, such as us-east-2."
  }
}

variable "availability_zones" {
  description = "The two zones to stand in, such as us-east-2a and us-east-2b. Null: the region's first two by name."
  type        = list(string)
  default     = null

  validation {
    condition     = var.availability_zones == null || try(length(distinct(var.availability_zones)) == 2 && length(var.availability_zones) == 2, false)
    error_message = "availability_zones must hold two zones."
  }

  validation {
    condition     = alltrue([for zone in coalesce(var.availability_zones, []) : can(regex("^${var.aws_region}[a-z]$", zone))])
    error_message = "availability_zones must be zones of aws_region, such as ${var.aws_region}a."
  }
}

variable "nat_gateway" {
  description = "Whether the private subnets reach the internet, through a NAT gateway that is paid by the hour."
  type        = bool
  default     = false
  nullable    = false
}

variable "flow_log_retention_days" {
  description = "Days that CloudWatch keeps a record of who spoke with whom in the network, paid by the gigabyte. Null: no record."
  type        = number
  default     = null

  validation {
    condition     = var.flow_log_retention_days == null || contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], coalesce(var.flow_log_retention_days, 0))
    error_message = "flow_log_retention_days must be a number of days that CloudWatch offers, such as 14, 30, 90 or 365."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the flow log's role can ever be allowed. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}
