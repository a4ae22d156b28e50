locals {
  # A target group takes 32 characters. The digest covers what forces a new target group, so that the
  # next one can stand beside the present one while the service moves over.
  target_group_identity = "${var.name_prefix}-${var.service_name}:${var.lb_container_port}"
  target_group_name     = "${trimsuffix(substr("${var.name_prefix}-${var.service_name}", 0, 25), "-")}-${substr(sha256(local.target_group_identity), 0, 6)}"

  # One rule for all paths, and one more for each path that has a place of its own.
  shared_patterns = [for pattern in var.path_patterns : pattern if !contains(keys(var.path_priorities), pattern)]
  rules = merge(
    length(local.shared_patterns) > 0 ? { "" = { priority = var.listener_priority, patterns = local.shared_patterns } } : {},
    { for pattern, priority in var.path_priorities : " ${pattern}" => { priority = priority, patterns = [pattern] } },
  )
  listener_rules = merge([
    for listener, arn in var.listener_arns : {
      for key, rule in local.rules : "${listener}${key}" => { listener_arn = arn, priority = rule.priority, patterns = rule.patterns }
    }
  ]...)
}

resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378: TLS ends at the load balancer; from there to the tasks it is the VPC's own network, open to the load balancer alone.
  name                 = local.target_group_name
  port                 = var.lb_container_port
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
  for_each = local.listener_rules

  listener_arn = each.value.listener_arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  condition {
    path_pattern {
      values = each.value.patterns
    }
  }
}
