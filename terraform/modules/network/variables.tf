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

variable "vpc_cidr" {
  description = "Addresses of the network. Its sixteenths become the subnets, so /16 gives subnets of /20."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range between /16 and /24, such as 10.0.0.0/16."
  }
}

variable "public_subnet_slots" {
  description = "Slots to make public subnets for, a pair each, one subnet a zone. An environment stands in one slot."
  type        = set(number)
  default     = [0, 1]
  nullable    = false

  validation {
    condition     = length(var.public_subnet_slots) > 0 && alltrue([for slot in var.public_subnet_slots : slot >= 0 && slot <= 6 && floor(slot) == slot])
    error_message = "public_subnet_slots must hold whole numbers between 0 and 6: the network has sixteen parts, and one pair is private."
  }
}

variable "nat_gateway" {
  description = "Whether the private subnets reach the internet, through a NAT gateway that is paid by the hour."
  type        = bool
  default     = false
  nullable    = false
}
