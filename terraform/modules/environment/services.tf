locals {
  # The longer a path pattern, the earlier it is asked: /api/v2/* before /api/*, whichever service it belongs to.
  # The digest keeps patterns of one length apart, so that a service that comes or goes leaves the others' places alone.
  path_priorities = merge([
    for service in values(var.services) : {
      for pattern in service.path_patterns : pattern => (48 - length(pattern)) * 1000 + parseint(substr(sha256(pattern), 0, 6), 16) % 1000 + 1
    }
  ]...)
  path_patterns_in_order = [
    for key in sort([for pattern, priority in local.path_priorities : format("%05d %s", priority, pattern)]) : split(" ", key)[1]
  ]

  fewest_tasks = { for name, service in var.services : name => try(min(service.desired_count, service.autoscaling.min_count), service.desired_count) }
  most_tasks   = { for name, service in var.services : name => try(max(service.desired_count, service.autoscaling.max_count), service.desired_count) }

  # Interfaces are what a small instance runs out of: count on one task an instance.
  spare_instances = max(var.instance_count - sum(concat([0], values(local.most_tasks))), 0)
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

  containers = [{
    name                      = each.key
    image                     = each.value.image
    hard_memory_limit         = each.value.memory_hard_mb
    soft_memory_limit         = each.value.memory_soft_mb
    cpu_units                 = each.value.cpu_units
    port_mappings             = [{ container_port = each.value.port }]
    environment_variables     = merge({ STORAGE_BUCKET = module.state_bucket.name }, each.value.environment)
    secrets                   = each.value.secrets
    command                   = each.value.command
    read_only_root_filesystem = each.value.read_only_root_filesystem
  }]
  lb_container_name        = each.key
  lb_container_port        = each.value.port
  repository_url           = var.repositories[each.key].url
  repository_arn           = var.repositories[each.key].arn
  task_policies            = { state-storage = local.state_storage_policy }
  permissions_boundary_arn = var.permissions_boundary_arn

  vpc_id                          = var.vpc_id
  subnet_ids                      = var.subnet_ids
  load_balancer_security_group_id = aws_security_group.load_balancer.id
  listener_arns = merge(
    { https = module.load_balancer.https_listener_arn },
    var.http_listener_forwards ? { http = module.load_balancer.http_listener_arn } : {},
  )
  path_patterns     = each.value.path_patterns
  path_priorities   = { for pattern in each.value.path_patterns : pattern => local.path_priorities[pattern] }
  listener_priority = local.path_priorities[each.value.path_patterns[0]]
  health_check      = { path = each.value.health_path }

  autoscaling              = each.value.autoscaling
  load_balancer_arn_suffix = each.value.autoscaling == null ? null : module.load_balancer.arn_suffix

  # With an instance to spare, new tasks start before old ones stop. Without, half of several tasks make room
  # first; a single task has to stop before the next one fits.
  desired_count                      = each.value.desired_count
  asleep                             = var.asleep
  deployment_minimum_healthy_percent = local.spare_instances > 0 ? 100 : local.fewest_tasks[each.key] > 1 ? 50 : 0
  deployment_maximum_percent         = local.spare_instances > 0 ? 200 : 100

  log_retention_days = var.log_retention_days

  # For the way down: a service drains while its instances still run.
  depends_on = [aws_autoscaling_group.this]
}
