variable "vpc_cidr" {
  description = "Addresses of the network. Its sixteenths become the subnets, so /16 gives subnets of /20."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(regex("/(1[6-9]|2[0-4])$", var.vpc_cidr)) && try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr && can(cidrnetmask(var.vpc_cidr)), false)
    error_message = "vpc_cidr must be an IPv4 network between /16 and /24 by its first address, such as 10.0.0.0/16."
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

variable "public_subnet_cidrs" {
  description = "Ranges of public subnets that are chosen and not computed: slot, as a string, then its two ranges in the order of the zones. Slots that are not named here keep their computed ranges."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.public_subnet_cidrs), [for slot in var.public_subnet_slots : tostring(slot)])) == 0
    error_message = "public_subnet_cidrs may only name slots of public_subnet_slots."
  }

  validation {
    condition     = alltrue([for pair in values(var.public_subnet_cidrs) : length(pair) == 2])
    error_message = "Each slot in public_subnet_cidrs needs two ranges, one a zone."
  }

  validation {
    condition     = alltrue([for cidr in flatten(values(var.public_subnet_cidrs)) : can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr && can(cidrnetmask(cidr)), false)])
    error_message = "Each range in public_subnet_cidrs must be an IPv4 network between /16 and /28 by its first address, such as 10.0.96.0/20."
  }

  validation {
    condition = length([
      for cidr in flatten(values(var.public_subnet_cidrs)) : cidr
      if try(tonumber(split("/", cidr)[1]) < tonumber(split("/", var.vpc_cidr)[1]) || cidrsubnet("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) != var.vpc_cidr, false)
    ]) == 0
    error_message = "public_subnet_cidrs must lie in vpc_cidr, ${var.vpc_cidr}; outside: ${join(", ", [
      for cidr in flatten(values(var.public_subnet_cidrs)) : cidr
      if try(tonumber(split("/", cidr)[1]) < tonumber(split("/", var.vpc_cidr)[1]) || cidrsubnet("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) != var.vpc_cidr, false)
    ])}."
  }

  # Two ranges share addresses when one of them, given the other's prefix, is the other. A check may not lean on
  # a value that leans on its variable, so condition and message both work it out.
  validation {
    condition = length(flatten([
      for first, outer in flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs))) : [
        for second, inner in flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs))) : join(" and ", sort([inner, outer]))
        if first != second && try(cidrsubnet("${split("/", inner)[0]}/${split("/", outer)[1]}", 0, 0) == outer, false)
      ]
    ])) == 0
    error_message = "public_subnet_cidrs must not share addresses with one another or with a computed slot: ${join("; ", distinct(flatten([
      for first, outer in flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs))) : [
        for second, inner in flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs))) : join(" and ", sort([inner, outer]))
        if first != second && try(cidrsubnet("${split("/", inner)[0]}/${split("/", outer)[1]}", 0, 0) == outer, false)
      ]
    ])))}."
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

  validation {
    condition     = alltrue([for cidr in coalesce(var.private_subnet_cidrs, []) : can(regex("/(1[6-9]|2[0-8])$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr && can(cidrnetmask(cidr)), false)])
    error_message = "Each range in private_subnet_cidrs must be an IPv4 network between /16 and /28 by its first address, such as 10.0.64.0/20."
  }

  validation {
    condition = length([
      for cidr in coalesce(var.private_subnet_cidrs, []) : cidr
      if try(tonumber(split("/", cidr)[1]) < tonumber(split("/", var.vpc_cidr)[1]) || cidrsubnet("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) != var.vpc_cidr, false)
    ]) == 0
    error_message = "private_subnet_cidrs must lie in vpc_cidr, ${var.vpc_cidr}; outside: ${join(", ", [
      for cidr in coalesce(var.private_subnet_cidrs, []) : cidr
      if try(tonumber(split("/", cidr)[1]) < tonumber(split("/", var.vpc_cidr)[1]) || cidrsubnet("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0, 0) != var.vpc_cidr, false)
    ])}."
  }

  # Two ranges share addresses when one of them, given the other's prefix, is the other. A check may not lean on
  # a value that leans on its variable, so condition and message both work it out.
  validation {
    condition = length(flatten([
      for first, outer in concat(coalesce(var.private_subnet_cidrs, local.computed_private_cidrs), flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs)))) : [
        for second, inner in concat(coalesce(var.private_subnet_cidrs, local.computed_private_cidrs), flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs)))) : join(" and ", sort([inner, outer]))
        if first != second && try(cidrsubnet("${split("/", inner)[0]}/${split("/", outer)[1]}", 0, 0) == outer, false)
      ]
    ])) == 0
    error_message = "private_subnet_cidrs, chosen or computed, must not share addresses with one another or with public_subnet_cidrs: ${join("; ", distinct(flatten([
      for first, outer in concat(coalesce(var.private_subnet_cidrs, local.computed_private_cidrs), flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs)))) : [
        for second, inner in concat(coalesce(var.private_subnet_cidrs, local.computed_private_cidrs), flatten(values(merge(local.computed_public_cidrs, var.public_subnet_cidrs)))) : join(" and ", sort([inner, outer]))
        if first != second && try(cidrsubnet("${split("/", inner)[0]}/${split("/", outer)[1]}", 0, 0) == outer, false)
      ]
    ])))}."
  }
}
