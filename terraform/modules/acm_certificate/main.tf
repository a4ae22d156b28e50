resource "aws_acm_certificate" "this" {
  domain_name               = var.domain_names[0]
  subject_alternative_names = slice(var.domain_names, 1, length(var.domain_names))
  validation_method         = "DNS"

  lifecycle {
    # A load balancer or a distribution holds on to its certificate until it was given the next one.
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = var.create_validation_records ? toset(var.domain_names) : []

  zone_id = var.zone_id
  name    = local.challenges[each.key].name
  type    = local.challenges[each.key].type
  records = [local.challenges[each.key].value]
  ttl     = 300

  # Certificates for the same name share one record, in every region: an earlier one may still be there.
  allow_overwrite = true
}

locals {
  challenges = {
    for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => {
      name  = option.resource_record_name
      type  = option.resource_record_type
      value = option.resource_record_value
    }
  }

  record_fqdns = var.create_validation_records ? {
    for domain_name, record in aws_route53_record.validation : domain_name => record.fqdn
  } : var.validation_record_fqdns
}

resource "aws_acm_certificate_validation" "this" {
  count = var.wait_for_validation ? 1 : 0

  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for domain_name in var.domain_names : local.record_fqdns[domain_name]]
}
