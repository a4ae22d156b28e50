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
}

# Without the records' names on purpose: naming them would first wait until Route 53 has spread each record,
# and only then ask whether the certificate is issued. So both waits run side by side.
resource "aws_acm_certificate_validation" "this" {
  certificate_arn = aws_acm_certificate.this.arn

  timeouts {
    create = "${var.validation_timeout_minutes}m"
  }
}
