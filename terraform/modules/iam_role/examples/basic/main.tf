# The role of a scheduled report: it reads one bucket, may never be allowed more than its boundary, and cannot be
# borrowed by another account.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "report_role" {
  source = "../.."

  name            = "todo-production-report"
  description     = "The nightly report of todo-production."
  trusted_service = "ecs-tasks.amazonaws.com"

  trust_conditions = {
    StringEquals = { "aws:SourceAccount" = "123456789012" }
    ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:us-east-2:123456789012:*" }
  }

  managed_policy_arns = {
    metrics = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
  }

  inline_policies = {
    read-state = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid      = "ReadState"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = "arn:aws:s3:::todo-production-state-123456789012/*"
      }]
    })
  }

  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/workloads"
}

output "arn" {
  description = "For the task definition of the report."
  value       = module.report_role.arn
}
