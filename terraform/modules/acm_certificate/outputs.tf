output "arn" {
  description = "ARN of the certificate; known once it is issued, unless the module was told not to wait."
  value       = var.wait_for_validation ? one(aws_acm_certificate_validation.this[*].certificate_arn) : aws_acm_certificate.this.arn
}

output "validation_record_fqdns" {
  description = "Validation records: domain name, then the record's full name. For certificates of the same names in other regions."
  value       = local.record_fqdns
}
