data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name = "${var.project_name}-${var.environment_name}"

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  origin_is_https = var.origin_protocol_policy == "https-only"
  origin_name     = "origin.${var.domain_name}"

  # AWS takes 32 characters. A longer name keeps its beginning and ends in a digest of the whole.
  load_balancer_name = length(local.name) <= 32 ? local.name : "${trimsuffix(substr(local.name, 0, 25), "-")}-${substr(sha256(local.name), 0, 6)}"
}

module "load_balancer" {
  source = "../load_balancer"

  name                   = local.load_balancer_name
  subnet_ids             = var.subnet_ids
  security_group_ids     = [aws_security_group.load_balancer.id]
  certificate_arns       = [module.regional_certificate.arn]
  http_listener_forwards = var.http_listener_forwards
  deletion_protection    = var.deletion_protection
}
