# A site in a bucket, and its services behind a load balancer, under one host name.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "distribution" {
  source = "../.."

  name            = "todo-production"
  domain_name     = "todo.example.com"
  zone_id         = "Z0123456789ABC"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111"

  site_origin = {
    host                        = module.site.regional_domain_name
    access_control_id           = module.site.origin_access_control_id
    viewer_request_function_arn = module.site.viewer_request_function_arn
  }
  services_origin       = { host = "origin.todo.example.com" }
  service_path_patterns = ["/api/reports/*", "/api/*"]

  content_security_policy = "default-src 'self'; frame-ancestors 'none'"
  permissions_policy      = "camera=(), geolocation=(self), microphone=()"
  web_acl_arn             = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/todo/11111111-1111-1111-1111-111111111111"
  price_class             = "PriceClass_All"
}

# The bucket lets this distribution in, and the distribution reads this bucket: Terraform finds the order by itself.
module "site" {
  source = "../../../website_bucket"

  bucket_name       = "todo-production-site-123456789012"
  distribution_arns = [module.distribution.arn]
  routing           = { index_in_folders = true }
}

output "domain_name" {
  description = "Answers before the records of todo.example.com have spread."
  value       = module.distribution.domain_name
}
