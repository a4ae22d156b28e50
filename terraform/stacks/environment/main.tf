# One environment of the project, on what the shared stack made for all of them.

data "terraform_remote_state" "shared" {
  backend = "s3"

  config = {
    bucket = var.remote_state.bucket
    key    = var.remote_state.key
    region = var.remote_state.region

    use_path_style              = var.emulated
    skip_credentials_validation = var.emulated
    skip_metadata_api_check     = var.emulated
    skip_region_validation      = var.emulated
  }
}

locals {
  shared = data.terraform_remote_state.shared.outputs
}

module "environment" {
  source = "../../modules/environment"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  project_name     = var.project_name
  environment_name = var.environment_name
  aws_region       = var.aws_region
  domain_name      = var.domain_name
  services         = var.services
  tags             = local.tags

  permissions_boundary_arn = var.permissions_boundary_arn

  vpc_id       = local.shared.network.vpc_id
  subnet_ids   = local.shared.network.public_subnet_ids[tostring(var.subnet_slot)]
  zone_id      = local.shared.zone_id
  repositories = local.shared.repositories

  instance_type         = var.instance_type
  instance_count        = var.instance_count
  asleep                = var.asleep
  instance_volume_gb    = var.instance_volume_gb
  ecs_ami_ssm_parameter = var.ecs_ami_ssm_parameter
  container_insights    = var.container_insights
  ssh_public_key        = var.ssh_public_key

  origin_protocol_policy         = var.origin_protocol_policy
  viewer_protocol_policy         = var.viewer_protocol_policy
  origin_rules_by_address        = var.emulated
  http_listener_forwards         = var.http_listener_forwards
  cloudfront_wait_for_deployment = var.cloudfront_wait_for_deployment
  emulator_port                  = var.emulator_port
  price_class                    = var.price_class
  site_routing                   = var.site_routing
  content_security_policy        = var.content_security_policy
  permissions_policy             = var.permissions_policy
  web_acl_arn                    = var.web_acl_arn

  log_retention_days      = var.log_retention_days
  noncurrent_version_days = var.noncurrent_version_days
  force_destroy           = var.force_destroy
  deletion_protection     = var.deletion_protection
}
