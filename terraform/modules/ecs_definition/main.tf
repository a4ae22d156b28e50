locals {
  # A target group takes 32 characters. The digest covers what forces a new target group, so that the
  # next one can stand beside the present one while the service moves over.
  target_group_identity = "${var.name_prefix}-${var.service_name}:${var.container_port}"
  target_group_name     = "${trimsuffix(substr("${var.name_prefix}-${var.service_name}", 0, 25), "-")}-${substr(sha256(local.target_group_identity), 0, 6)}"

  # Until the first deployment there is no image to run: the service waits at zero tasks.
  awaits_first_deployment = var.image == null

  environment = merge(
    { PORT = tostring(var.container_port), AWS_DEFAULT_REGION = var.aws_region },
    var.environment,
  )
}

resource "aws_lb_target_group" "this" {
  name                 = local.target_group_name
  port                 = var.container_port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = var.deregistration_delay_seconds

  health_check {
    path                = var.health_check.path
    matcher             = var.health_check.matcher
    interval            = var.health_check.interval_seconds
    timeout             = var.health_check.timeout_seconds
    healthy_threshold   = var.health_check.healthy_threshold
    unhealthy_threshold = var.health_check.unhealthy_threshold
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = var.listener_arns

  listener_arn = each.value
  priority     = var.listener_priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  condition {
    path_pattern {
      values = [var.path_pattern]
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name_prefix}/${var.service_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.name_prefix}-${var.service_name}"
  requires_compatibilities = ["EC2"]
  network_mode             = "awsvpc"
  task_role_arn            = module.task_role.arn
  execution_role_arn       = module.execution_role.arn

  container_definitions = jsonencode([{
    name              = var.service_name
    image             = coalesce(var.image, "${var.repository_url}:bootstrap")
    essential         = true
    memory            = var.memory_hard_mb
    memoryReservation = var.memory_soft_mb
    stopTimeout       = var.stop_timeout_seconds

    portMappings = [{
      containerPort = var.container_port
      hostPort      = var.container_port
      protocol      = "tcp"
    }]

    environment = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.aws_region
        "awslogs-stream-prefix" = var.service_name
      }
    }
  }])

  lifecycle {
    precondition {
      condition     = var.memory_soft_mb <= var.memory_hard_mb
      error_message = "memory_soft_mb of ${var.service_name} (${var.memory_soft_mb}) must not be above its memory_hard_mb (${var.memory_hard_mb})."
    }
  }
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
    container_name   = var.service_name
    container_port   = var.container_port
  }

  lifecycle {
    # Deployments own the running revision and how many tasks run it. Rebalancing between zones stays as ECS
    # sets it: it needs room for more than 100 per cent, and not every endpoint tells what it is set to.
    ignore_changes = [task_definition, desired_count, availability_zone_rebalancing]

    precondition {
      condition     = ceil(var.desired_count * var.deployment_minimum_healthy_percent / 100) < floor(var.desired_count * var.deployment_maximum_percent / 100)
      error_message = "With ${var.desired_count} desired tasks, at least ${var.deployment_minimum_healthy_percent} and at most ${var.deployment_maximum_percent} per cent of them leave no room to exchange one: no roll-out would ever end."
    }
  }

  # ECS refuses a service whose target group no load balancer uses yet.
  depends_on = [aws_lb_listener_rule.this]
}
