# One certificate for a site under two names, and for a name of another domain that has a zone of its own.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "certificate" {
  source = "../.."

  domain_names = ["todo.example.com", "www.todo.example.com", "lists.example.org"]

  domain_name_by_zone_id = {
    Z0123456789ABC = ["todo.example.com", "www.todo.example.com"]
    Z0123456789DEF = ["lists.example.org"]
  }

  # The zones' name servers were entered at the registrar a while ago, so it takes minutes.
  validation_timeout_minutes = 15
}

output "arn" {
  description = "For a load balancer in the same region. CloudFront takes one from us-east-1."
  value       = module.certificate.arn
}
