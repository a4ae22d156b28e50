# The files of an application of one page, with its manual, which has moved, in the same bucket.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "site" {
  source = "../.."

  bucket_name             = "todo-production-site-123456789012"
  distribution_arns       = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
  noncurrent_version_days = 90

  # Pages of the company's own site show pictures from here.
  cors_allowed_origins = ["https://www.example.com"]

  routing = {
    single_page = true
    rules = [
      { prefix = "/help", replace_with = "/manual" },
      { prefix = "/beta" },
    ]
  }
}

output "site_origin" {
  description = "For site_origin of the module distribution."
  value = {
    host                        = module.site.regional_domain_name
    access_control_id           = module.site.origin_access_control_id
    viewer_request_function_arn = module.site.viewer_request_function_arn
  }
}
