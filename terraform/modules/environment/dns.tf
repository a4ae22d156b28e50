module "regional_certificate" {
  source = "../acm_certificate"

  domain_names        = concat([var.domain_name], local.origin_is_https ? [local.origin_name] : [])
  zone_id             = var.zone_id
  wait_for_validation = var.wait_for_certificate_validation
}

# The same name, in CloudFront's region. AWS asks for the same validation record in every region, so this
# certificate uses the record that is already being written: one wait instead of two.
module "edge_certificate" {
  source    = "../acm_certificate"
  providers = { aws = aws.us_east_1 }

  domain_names              = [var.domain_name]
  zone_id                   = var.zone_id
  create_validation_records = false
  validation_record_fqdns   = module.regional_certificate.validation_record_fqdns
  wait_for_validation       = var.wait_for_certificate_validation
}

resource "aws_route53_record" "site" {
  for_each = toset(["A", "AAAA"])

  zone_id = var.zone_id
  name    = var.domain_name
  type    = each.value

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
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
