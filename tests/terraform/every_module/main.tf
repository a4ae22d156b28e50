# Each module called by itself, with the options that the stacks leave alone. Planned, never applied.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

locals {
  vpc_id  = "vpc-0123456789abcdef0"
  subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  group   = "sg-0123456789abcdef0"
  zone_id = "Z0123456789ABC"
}

module "network" {
  source = "../../../terraform/modules/network"

  name                = "everything"
  aws_region          = "us-east-1"
  nat_gateway         = true
  public_subnet_slots = [0, 1, 2, 6]
}

module "private_bucket" {
  source = "../../../terraform/modules/private_bucket"

  bucket_name             = "everything-private"
  noncurrent_version_days = 90
}

module "website_bucket" {
  source = "../../../terraform/modules/website_bucket"

  bucket_name          = "everything-site"
  distribution_arns    = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
  cors_allowed_origins = ["https://www.example.com"]
}

module "iam_role" {
  source = "../../../terraform/modules/iam_role"

  name                    = "a-role-whose-name-is-far-too-long-for-iam-which-takes-sixty-four-characters"
  description             = "Instances of nothing in particular."
  create_instance_profile = true
  managed_policy_arns     = { read-only = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
}

module "key_pair" {
  source = "../../../terraform/modules/key_pair"

  name       = "everything"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv8aDVyIXkqCsoTzWGiXVTdFp0Mu1t5S0cVyhqS0F1b"
}

module "no_key_pair" {
  source = "../../../terraform/modules/key_pair"

  name = "nothing"
}

module "acm_certificate" {
  source = "../../../terraform/modules/acm_certificate"

  domain_names           = ["todo.example.com", "www.todo.example.com"]
  domain_name_by_zone_id = { (local.zone_id) = ["todo.example.com", "www.todo.example.com"] }
}

module "load_balancer" {
  source = "../../../terraform/modules/load_balancer"

  name                = "everything"
  internal            = true
  subnet_ids          = local.subnets
  security_group_ids  = [local.group]
  deletion_protection = true
  certificate_arns = [
    "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111",
    "arn:aws:acm:us-east-1:123456789012:certificate/22222222-2222-2222-2222-222222222222",
  ]
  https_listener_rules = [
    {
      action = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/everything/0123456789abcdef" }
      conditions = [
        { type = "host-header", values = ["backend.example.com"] },
        { type = "path-pattern", values = ["/api/*"] },
      ]
    }
  ]
}

module "ecs_definition" {
  source = "../../../terraform/modules/ecs_definition"

  name_prefix                        = "everything-production"
  service_name                       = "a-service-with-quite-a-long-name"
  aws_region                         = "us-east-1"
  account_id                         = "123456789012"
  cluster_arn                        = "arn:aws:ecs:us-east-1:123456789012:cluster/everything"
  repository_url                     = "123456789012.dkr.ecr.us-east-1.amazonaws.com/everything/service"
  repository_arn                     = "arn:aws:ecr:us-east-1:123456789012:repository/everything/service"
  lb_container_name                  = "web"
  lb_container_port                  = 8080
  vpc_id                             = local.vpc_id
  subnet_ids                         = local.subnets
  load_balancer_security_group_id    = local.group
  listener_arns                      = { https = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/everything/1/2" }
  listener_priority                  = 1
  path_patterns                      = ["/api/*"]
  health_check                       = { path = "/status" }
  desired_count                      = 1
  deployment_minimum_healthy_percent = 0
  containers = [{
    name              = "web"
    image             = "123456789012.dkr.ecr.us-east-1.amazonaws.com/everything/service@sha256:0000"
    hard_memory_limit = 128
    soft_memory_limit = 64
    port_mappings     = [{ container_port = 8080 }]
  }]
}

module "distribution" {
  source = "../../../terraform/modules/distribution"

  name                  = "everything"
  domain_name           = "todo.example.com"
  zone_id               = local.zone_id
  certificate_arn       = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111"
  site_origin           = { host = "site.s3.us-east-1.amazonaws.com", access_control_id = "E0123456789ABC" }
  services_origin       = { host = "origin.todo.example.com" }
  service_path_patterns = ["/api/*"]
}

# In CloudFront's own region both certificates come from the same provider.
module "environment" {
  source    = "../../../terraform/modules/environment"
  providers = { aws = aws, aws.us_east_1 = aws }

  project_name     = "everything-at-twenty"
  environment_name = "environment-twenty"
  aws_region       = "us-east-1"
  domain_name      = "todo.example.com"
  zone_id          = local.zone_id
  vpc_id           = local.vpc_id
  subnet_ids       = local.subnets
  repositories = {
    backend  = { arn = "arn:aws:ecr:us-east-1:123456789012:repository/e/backend", url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/e/backend" }
    reporter = { arn = "arn:aws:ecr:us-east-1:123456789012:repository/e/reporter", url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/e/reporter" }
  }
  services = {
    backend  = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 1 }
    reporter = { port = 5001, path_patterns = ["/api/report/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 }
  }
  instance_count = 3
}
