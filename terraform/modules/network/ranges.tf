locals {
  # Sixteenths of the network, two a slot, one a zone. Slots 0 and 1 come first, then the private pair,
  # then the further slots. Kept apart from what is chosen, so that the variables' checks can read them.
  computed_public_cidrs = {
    for slot in var.public_subnet_slots : tostring(slot) => [
      for position in [0, 1] : cidrsubnet(var.vpc_cidr, 4, slot * 2 + position + (slot < 2 ? 0 : 2))
    ]
  }
  computed_private_cidrs = [for position in [4, 5] : cidrsubnet(var.vpc_cidr, 4, position)]
}

locals {
  public_cidrs  = merge(local.computed_public_cidrs, var.public_subnet_cidrs)
  private_cidrs = coalesce(var.private_subnet_cidrs, local.computed_private_cidrs)
}
