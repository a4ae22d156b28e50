# What the check of arguments has to find: something wrong in every block but the last. Never planned.

provider "aws" {
  region        = "us-east-2"
  s3_path_style = true
}

resource "aws_ecs_service" "misspelt" {
  name          = "backend"
  desired_tasks = 2

  deployment_circuit_breaker {
    enable = true
  }

  dynamic "load_balancer" {
    for_each = ["backend"]

    content {
      container_name = load_balancer.value
      container_prot = 5000
    }
  }
}

resource "aws_autoscaling_group" "incomplete" {
  min_size = 1
}

resource "aws_s3_bucket" "deprecated_in_both" {
  acl = "private"

  versioning {
    enabled = true
  }
}

resource "aws_s3_bucket_versioning" "deprecated_in_6" {
  bucket                = aws_s3_bucket.deprecated_in_both.id
  expected_bucket_owner = "123456789012"

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_opsworks_stack" "removed_in_6" {
  name                         = "old"
  region                       = "us-east-2"
  service_role_arn             = "arn:aws:iam::123456789012:role/old"
  default_instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/old"
}

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "right" {
  for_each = toset(["one"])

  name              = "/${data.aws_region.current.name}/${aws_s3_bucket.deprecated_in_both.colour}/${each.key}"
  retention_in_days = 30

  lifecycle {
    create_before_destroy = true
  }
}
