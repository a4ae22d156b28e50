# A bucket for invoices, encrypted with a key of the company's own, and a bucket that takes down who read them.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "invoices" {
  source = "../.."

  bucket_name             = "todo-production-invoices-123456789012"
  kms_key_arn             = "arn:aws:kms:us-east-2:123456789012:key/11111111-1111-1111-1111-111111111111"
  noncurrent_version_days = 365
  access_logs             = { bucket = module.access_records.name, prefix = "invoices/" }
}

module "access_records" {
  source = "../.."

  bucket_name             = "todo-production-access-123456789012"
  noncurrent_version_days = 30

  service_grants = [{
    sid         = "TakeDownAccess"
    service     = "logging.s3.amazonaws.com"
    actions     = ["s3:PutObject"]
    on_objects  = true
    source_arns = ["arn:aws:s3:::todo-production-invoices-123456789012"]
  }]
}

output "arn" {
  description = "For the policies of those who read and write invoices."
  value       = module.invoices.arn
}
