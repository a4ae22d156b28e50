data "aws_availability_zones" "available" {
  state = "available"

  # Without local zones and the like, which need opting in and lack half of the services.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = slice(sort(data.aws_availability_zones.available.names), 0, 2)

  # Sixteenths of the network, two a slot, one a zone. Slots 0 and 1 come first, then the private pair,
  # then the further slots.
  public_subnets = merge([
    for slot in var.public_subnet_slots : {
      for position, zone in local.zones : "${slot}-${zone}" => {
        slot = slot
        zone = zone
        cidr = cidrsubnet(var.vpc_cidr, 4, slot * 2 + position + (slot < 2 ? 0 : 2))
      }
    }
  ]...)

  private_subnets = { for position, zone in local.zones : zone => cidrsubnet(var.vpc_cidr, 4, 4 + position) }
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# The group that AWS makes with a network lets all its members talk. Here it lets nobody in or out, so that
# nothing is reachable because somebody forgot to choose a group.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-closed" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each = local.public_subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.value.zone
  cidr_block        = each.value.cidr

  # The instances' way out to ECS, ECR and Systems Manager, as no NAT gateway stands before these subnets. What
  # comes in is for security groups to say: the instances' lets nothing in.
  map_public_ip_on_launch = true

  tags = { Name = "${var.name}-public-${each.key}", Slot = tostring(each.value.slot) }
}

resource "aws_subnet" "private" {
  for_each = local.private_subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_db_subnet_group" "private" {
  name        = "${var.name}-private"
  description = "Private subnets of ${var.name}, for databases to come"
  subnet_ids  = [for subnet in aws_subnet.private : subnet.id]
}
