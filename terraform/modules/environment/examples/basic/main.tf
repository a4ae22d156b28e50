# A staging environment of two services. One may grow to four tasks, and is given a secret.
#
# CloudFront takes its certificate from us-east-1, so the module asks for a provider there. This example has no
# provider of its own: run it with AWS_REGION=us-east-1, where one provider serves for both. Anywhere else, declare
# a second provider with the alias us_east_1 and pass it on as aws.us_east_1 (see stacks/environment/providers.tf).

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "staging" {
  source    = "../.."
  providers = { aws = aws, aws.us_east_1 = aws }

  project_name     = "todo"
  environment_name = "staging"
  aws_region       = "us-east-1"
  domain_name      = "staging.todo.example.com"

  zone_id    = "Z0123456789ABC"
  vpc_id     = "vpc-0123456789abcdef0"
  subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  repositories = {
    backend = {
      arn = "arn:aws:ecr:us-east-1:123456789012:repository/todo/backend"
      url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/todo/backend"
    }
    reports = {
      arn = "arn:aws:ecr:us-east-1:123456789012:repository/todo/reports"
      url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/todo/reports"
    }
  }

  services = {
    backend = {
      port           = 5000
      path_patterns  = ["/api/*"]
      health_path    = "/status"
      memory_soft_mb = 64
      memory_hard_mb = 128
      desired_count  = 2
      cpu_units      = 256
      autoscaling    = { min_count = 2, max_count = 4, cpu_percent = 60, requests_per_target = 600 }
      secrets        = { SIGNING_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:todo-staging/signing-key-AbCdEf" }
    }
    reports = {
      port           = 5001
      path_patterns  = ["/api/reports/*", "/reports/*"]
      health_path    = "/status"
      memory_soft_mb = 64
      memory_hard_mb = 128
      desired_count  = 1
    }
  }

  # A t3.micro carries one task beside itself: four of the backend, one of the reports.
  instance_type  = "t3.micro"
  instance_count = 5

  site_routing            = { single_page = true }
  content_security_policy = "default-src 'self'"

  tags = { Project = "todo", Environment = "staging", ManagedBy = "terraform", Owner = "API team" }
}

output "site_bucket" {
  description = "Bucket to publish the site to."
  value       = module.staging.site_bucket
}

output "services" {
  description = "What a deployment needs to know of each service."
  value       = module.staging.services
}
