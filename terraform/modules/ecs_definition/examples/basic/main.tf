# A service of two containers: the backend, whose image deployments bring, and a sidecar that only it talks to.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "backend" {
  source = "../.."

  name_prefix    = "todo-staging"
  service_name   = "backend"
  aws_region     = "us-east-2"
  account_id     = "123456789012"
  cluster_arn    = "arn:aws:ecs:us-east-2:123456789012:cluster/todo-staging"
  repository_url = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend"
  repository_arn = "arn:aws:ecr:us-east-2:123456789012:repository/todo/backend"

  containers = [
    {
      name              = "backend"
      hard_memory_limit = 128
      soft_memory_limit = 64
      cpu_units         = 256
      port_mappings     = [{ container_port = 5000 }]
      environment_variables = {
        STORAGE_BUCKET = "todo-staging-state-123456789012"
      }
      secrets = {
        SIGNING_KEY = "arn:aws:secretsmanager:us-east-2:123456789012:secret:todo-staging/signing-key-AbCdEf"
        GREETING    = "arn:aws:ssm:us-east-2:123456789012:parameter/todo-staging/greeting"
      }
      health_check = {
        command = ["CMD", "python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:5000/status', timeout=2)"]
      }
    },
    {
      name              = "cache"
      image             = "public.ecr.aws/docker/library/redis:7.4-alpine"
      command           = ["redis-server", "--save", "", "--maxmemory", "48mb"]
      hard_memory_limit = 64
      soft_memory_limit = 32
      essential         = false
      tmpfs             = { "/data" = 8 }
    },
  ]

  lb_container_name = "backend"
  lb_container_port = 5000
  path_patterns     = ["/api/*"]
  health_check      = { path = "/status" }

  desired_count            = 2
  autoscaling              = { min_count = 2, max_count = 6, cpu_percent = 60, requests_per_target = 600 }
  load_balancer_arn_suffix = "app/todo-staging/0123456789abcdef"

  vpc_id                          = "vpc-0123456789abcdef0"
  subnet_ids                      = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  load_balancer_security_group_id = "sg-0123456789abcdef0"
  listener_arns                   = { https = "arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/todo-staging/0123456789abcdef/0123456789abcdef" }
  listener_priority               = 100

  task_policies = {
    state-storage = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:aws:s3:::todo-staging-state-123456789012/*"
      }]
    })
  }
}

output "task_definition_family" {
  description = "Family that a deployment registers its revision in, with the new image for the container backend."
  value       = module.backend.task_definition_family
}

output "security_group_id" {
  description = "Security group that a database would let in."
  value       = module.backend.security_group_id
}
