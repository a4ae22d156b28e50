# What all environments of a project have in common: the network, the zone, the registry, the keys.

data "aws_caller_identity" "current" {}

module "network" {
  source = "../../modules/network"

  name               = var.project_name
  aws_region         = var.aws_region
  availability_zones = var.availability_zones

  vpc_cidr             = var.vpc_cidr
  public_subnet_slots  = var.public_subnet_slots
  public_subnet_cidrs  = var.public_subnet_cidrs
  private_subnet_cidrs = var.private_subnet_cidrs

  nat_gateway              = var.nat_gateway
  flow_log_retention_days  = var.flow_log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
}

resource "aws_route53_zone" "this" {
  # checkov:skip=CKV2_AWS_38: DNSSEC needs a key of its own and a record in the zone above, which this stack does not own.
  # checkov:skip=CKV2_AWS_39: Who asks for which name is of no use to anybody here, and a query log is paid by the gigabyte.
  name    = var.zone_name
  comment = "Environments of ${var.project_name}"
}

resource "aws_ecr_repository" "service" {
  # checkov:skip=CKV_AWS_136: Images are encrypted with a key of AWS's; one of ours would cost by the month, and losing it would lose every release.
  for_each = var.repositories

  name = "${var.project_name}/${each.value}"
  # A tag means one image for ever: what a tag says it is cannot be swapped under a running environment.
  image_tag_mutability = "IMMUTABLE"
  force_delete         = local.force_destroy

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "service" {
  for_each = aws_ecr_repository.service

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last ${var.kept_images} images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.kept_images }
      action       = { type = "expire" }
    }]
  })
}

module "keys_bucket" {
  source = "../../modules/private_bucket"

  # The account's number makes the name unique in the world. Every version of a key is kept.
  bucket_name   = "${var.project_name}-keys-${data.aws_caller_identity.current.account_id}"
  force_destroy = local.force_destroy
}

locals {
  force_destroy = coalesce(var.force_destroy, var.emulated)
}
