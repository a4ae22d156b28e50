# A load balancer inside the network, for a service that has a target group already: by host and path, or by host.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "private_load_balancer" {
  source = "../.."

  name               = "todo-private"
  internal           = true
  subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]

  certificate_arns = [
    "arn:aws:acm:us-east-2:123456789012:certificate/11111111-1111-1111-1111-111111111111",
    "arn:aws:acm:us-east-2:123456789012:certificate/22222222-2222-2222-2222-222222222222",
  ]

  https_listener_rules = [
    {
      action = {
        type             = "forward"
        target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/todo-backend/0123456789abcdef"
      }
      conditions = [
        { type = "host-header", values = ["backend.example.com"] },
        { type = "path-pattern", values = ["/api", "/api/*"] },
      ]
    },
    {
      priority   = 100
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/todo-reports/0123456789abcdef" }
      conditions = [{ type = "host-header", values = ["reports.example.com"] }]
    },
  ]

  access_logs         = { bucket = "todo-access-logs-123456789012", prefix = "private" }
  deletion_protection = true
}

output "dns_name" {
  description = "What backend.example.com and reports.example.com should be aliases of."
  value       = module.private_load_balancer.dns_name
}
