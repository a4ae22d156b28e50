variable "vpc_cidr" {
  description = "Addresses of the network. Its sixteenths become the subnets, so /16 gives subnets of /20."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr)) && try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr must be an IPv4 network between /16 and /24 by its first address, such as 10.0.0.0/16."
  }
}

variable "availability_zones" {
  description = "The two zones to stand in, such as us-east-2a and us-east-2b. Null: the region's first two by name. Another zone later means other subnets, and all that stands in them made anew."
  type        = list(string)
  default     = null

  validation {
    condition     = var.availability_zones == null || try(length(distinct(var.availability_zones)) == 2 && length(var.availability_zones) == 2, false)
    error_message = "availability_zones must hold two zones."
  }
}

variable "public_subnet_slots" {
  description = "Slots to make public subnets for, a pair each. An environment stands in one slot."
  type        = set(number)
  default     = [0, 1]
  nullable    = false

  validation {
    condition     = length(var.public_subnet_slots) > 0 && alltrue([for slot in var.public_subnet_slots : slot >= 0 && slot <= 6 && floor(slot) == slot])
    error_message = "public_subnet_slots must hold whole numbers between 0 and 6."
  }
}

variable "public_subnet_cidrs" {
  description = "Ranges of public subnets that are chosen and not computed: slot, as a string, then its two ranges in the order of the zones. Slots that are not named here keep their computed ranges."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for pair in values(var.public_subnet_cidrs) : length(pair) == 2])
    error_message = "Each slot in public_subnet_cidrs needs two ranges, one a zone."
  }
}

variable "private_subnet_cidrs" {
  description = "The private subnets' two ranges, in the order of the zones. Null: computed."
  type        = list(string)
  default     = null

  validation {
    condition     = var.private_subnet_cidrs == null || try(length(var.private_subnet_cidrs) == 2, false)
    error_message = "private_subnet_cidrs must hold two ranges, one a zone."
  }
}

variable "nat_gateway" {
  description = "Whether the private subnets reach the internet, through a NAT gateway that is paid by the hour. Nothing in the public subnets needs it."
  type        = bool
  default     = false
  nullable    = false
}

variable "flow_log_retention_days" {
  description = "Days that CloudWatch keeps a record of who spoke with whom in the network, paid by the gigabyte. Null: no record."
  type        = number
  default     = null

  validation {
    condition     = try(var.flow_log_retention_days >= 1 && floor(var.flow_log_retention_days) == var.flow_log_retention_days, var.flow_log_retention_days == null)
    error_message = "flow_log_retention_days must be a whole number of days that CloudWatch offers, such as 14, 30, 90 or 365."
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
