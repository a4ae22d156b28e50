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
  for_each = var.create_validation_records ? local.proved_names : []

  zone_id = local.zones[each.key][0]
  name    = local.challenges[each.key][0].name
  type    = local.challenges[each.key][0].type
  records = [local.challenges[each.key][0].value]
  ttl     = 300

  # Certificates for the same name share one record, in every region: an earlier one may still be there.
  allow_overwrite = true
}

locals {
  # AWS asks for one record for a name and its wildcard together.
  proved_names = toset([for name in var.domain_names : trimprefix(name, "*.")])

  zones = {
    for entry in flatten([for zone, names in var.domain_name_by_zone_id : [for name in names : { zone = zone, name = name }]]) :
    trimprefix(entry.name, "*.") => entry.zone...
  }

  challenges = {
    for option in aws_acm_certificate.this.domain_validation_options : trimprefix(option.domain_name, "*.") => {
      name  = option.resource_record_name
      type  = option.resource_record_type
      value = option.resource_record_value
    }...
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
