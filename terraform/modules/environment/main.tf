data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name = "${var.project_name}-${var.environment_name}"

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  origin_is_https = var.origin_protocol_policy == "https-only"
  origin_name     = "origin.${var.domain_name}"

  # AWS takes 32 characters. A longer name keeps its beginning and ends in a digest of the whole.
  load_balancer_name = length(local.name) <= 32 ? local.name : "${trimsuffix(substr(local.name, 0, 25), "-")}-${substr(sha256(local.name), 0, 6)}"

  # The longer a path pattern, the earlier it is asked: /api/v2/* before /api/*. The digest keeps patterns of
  # one length apart, so that a service that comes or goes leaves the others' places alone.
  listener_priorities = {
    for name, service in var.services : name => (
      (48 - min(length(service.path_pattern), 48)) * 1000 + parseint(substr(sha256(service.path_pattern), 0, 6), 16) % 1000 + 1
    )
  }
  path_patterns_in_order = [
    for key in sort([for name, priority in local.listener_priorities : format("%05d %s", priority, name)]) : var.services[split(" ", key)[1]].path_pattern
  ]

  # Interfaces are what a small instance runs out of: count on one task an instance.
  total_tasks     = sum(concat([0], [for service in values(var.services) : service.desired_count]))
  spare_instances = max(var.instance_count - local.total_tasks, 0)
}

module "load_balancer" {
  source = "../load_balancer"

  name                   = local.load_balancer_name
  subnet_ids             = var.subnet_ids
  security_group_ids     = [aws_security_group.load_balancer.id]
  certificate_arns       = [module.regional_certificate.arn]
  http_listener_forwards = var.http_listener_forwards
  deletion_protection    = var.deletion_protection
}

module "service" {
  source   = "../ecs_definition"
  for_each = var.services

  name_prefix  = local.name
  service_name = each.key
  aws_region   = var.aws_region
  account_id   = local.account_id
  partition    = local.partition
  cluster_arn  = aws_ecs_cluster.this.arn

  image          = each.value.image
  repository_url = var.repositories[each.key].url
  repository_arn = var.repositories[each.key].arn
  container_port = each.value.port
  memory_soft_mb = each.value.memory_soft_mb
  memory_hard_mb = each.value.memory_hard_mb
  environment    = merge({ STORAGE_BUCKET = module.state_bucket.name }, each.value.environment)
  task_policies  = { state-storage = local.state_storage_policy }

  vpc_id                          = var.vpc_id
  subnet_ids                      = var.subnet_ids
  load_balancer_security_group_id = aws_security_group.load_balancer.id
  listener_arns = merge(
    { https = module.load_balancer.https_listener_arn },
    var.http_listener_forwards ? { http = module.load_balancer.http_listener_arn } : {},
  )
  listener_priority = local.listener_priorities[each.key]
  path_pattern      = each.value.path_pattern
  health_check      = { path = each.value.health_path }

  # With an instance to spare, new tasks start before old ones stop. Without, half of several tasks make room
  # first; a single task has to stop before the next one fits.
  desired_count                      = each.value.desired_count
  deployment_minimum_healthy_percent = local.spare_instances > 0 ? 100 : each.value.desired_count > 1 ? 50 : 0
  deployment_maximum_percent         = local.spare_instances > 0 ? 200 : 100

  log_retention_days = var.log_retention_days

  # For the way down: a service drains while its instances still run.
  depends_on = [aws_autoscaling_group.this]
}
