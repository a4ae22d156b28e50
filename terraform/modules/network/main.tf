data "aws_availability_zones" "available" {
  # checkov:skip=CKV_AWS_394: The first two by name are taken, and new zones come last in it; availability_zones names them for whoever wants it fixed.
  count = var.availability_zones == null ? 1 : 0

  state = "available"

  # Without local zones and the like, which need opting in and lack half of the services.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = var.availability_zones == null ? slice(sort(data.aws_availability_zones.available[0].names), 0, 2) : var.availability_zones

  public_subnets = merge([
    for slot, cidrs in local.public_cidrs : {
      for position, zone in local.zones : "${slot}-${zone}" => { slot = slot, zone = zone, cidr = cidrs[position] }
    }
  ]...)

  private_subnets = zipmap(local.zones, local.private_cidrs)
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
  # checkov:skip=CKV_AWS_130: Without a NAT gateway the address is the instances' way out; their security group lets nothing in.
  for_each = local.public_subnets

  vpc_id            = aws_vpc.this.id
  availability_zone = each.value.zone
  cidr_block        = each.value.cidr

  # The instances' way out to ECS, ECR and Systems Manager, as no NAT gateway stands before these subnets. What
  # comes in is for security groups to say: the instances' lets nothing in.
  map_public_ip_on_launch = true

  tags = { Name = "${var.name}-public-${each.key}", Slot = each.value.slot }
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
