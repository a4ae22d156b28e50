# Until the first deployment there is no image to run: the service waits at zero tasks.
locals {
  awaits_first_deployment = anytrue([for container in var.containers : container.image == null])

  # The fewest tasks that a roll-out meets.
  fewest_tasks = var.autoscaling == null ? var.desired_count : min(var.desired_count, var.autoscaling.min_count)
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158: CloudWatch encrypts logs with a key of its own; one of ours would cost by the month and shut out nobody who may read the group.
  # checkov:skip=CKV_AWS_338: How long logs are kept is the caller's: log_retention_days. They are for mending, not for auditing.
  name              = "/ecs/${var.name_prefix}/${var.service_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_task_definition" "this" {
  # checkov:skip=CKV_AWS_249: They are two roles; Checkov takes them for one, as neither has an ARN before it is made.
  family                   = "${var.name_prefix}-${var.service_name}"
  requires_compatibilities = ["EC2"]
  network_mode             = "awsvpc"
  task_role_arn            = module.task_role.arn
  execution_role_arn       = module.execution_role.arn
  container_definitions    = jsonencode(local.container_definitions)
}

resource "aws_ecs_service" "this" {
  name            = var.service_name
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = local.awaits_first_deployment ? 0 : var.desired_count
  launch_type     = "EC2"

  deployment_minimum_healthy_percent = var.deployment_minimum_healthy_percent
  deployment_maximum_percent         = var.deployment_maximum_percent
  health_check_grace_period_seconds  = var.health_check_grace_period_seconds
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  # No placement strategy: ECS then spreads a service's tasks over the zones, which is what is wanted.

  # A release whose tasks do not become healthy is taken back by ECS itself.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [aws_security_group.tasks.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = var.lb_container_name
    container_port   = var.lb_container_port
  }

  lifecycle {
    # Deployments own the running revision, deployments and autoscaling how many tasks run it. Rebalancing
    # between zones stays as ECS sets it: it needs room for more than 100 per cent, and not every endpoint
    # tells what it is set to.
    ignore_changes = [task_definition, desired_count, availability_zone_rebalancing]

    precondition {
      condition     = ceil(local.fewest_tasks * var.deployment_minimum_healthy_percent / 100) < floor(local.fewest_tasks * var.deployment_maximum_percent / 100)
      error_message = "desired_count, deployment_minimum_healthy_percent and deployment_maximum_percent: of ${local.fewest_tasks} tasks, at least ${var.deployment_minimum_healthy_percent} and at most ${var.deployment_maximum_percent} per cent leave no room to exchange one: no roll-out would ever end."
    }
  }

  # ECS refuses a service whose target group no load balancer uses yet.
  depends_on = [aws_lb_listener_rule.this]
}
