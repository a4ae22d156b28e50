module "regional_certificate" {
  source = "../acm_certificate"

  domain_names           = local.regional_names
  domain_name_by_zone_id = { (var.zone_id) = local.regional_names }
}

locals {
  regional_names = concat([var.domain_name], local.origin_is_https ? [local.origin_name] : [])
}

# The same name, in CloudFront's region. AWS asks for the same validation record in every region, so this
# certificate uses the record that is already being written: one wait instead of two.
module "edge_certificate" {
  source    = "../acm_certificate"
  providers = { aws = aws.us_east_1 }

  domain_names              = [var.domain_name]
  create_validation_records = false
}

resource "aws_route53_record" "origin" {
  count = local.origin_is_https ? 1 : 0

  zone_id = var.zone_id
  name    = local.origin_name
  type    = "A"

  alias {
    name                   = module.load_balancer.dns_name
    zone_id                = module.load_balancer.zone_id
    evaluate_target_health = false
  }
}
