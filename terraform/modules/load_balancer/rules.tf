# Rules that need no ECS service behind them. A service brings its own rule with it (module ecs_definition).

locals {
  # A rule without a priority has its place in the list.
  rules = {
    for position, rule in var.https_listener_rules : tostring(rule.priority == null ? position + 1 : rule.priority) => {
      target_group_arn = rule.action.target_group_arn
      host_headers     = flatten([for condition in rule.conditions : condition.values if condition.type == "host-header"])
      path_patterns    = flatten([for condition in rule.conditions : condition.values if condition.type == "path-pattern"])
    }
  }

  listeners = merge({ https = aws_lb_listener.https.arn }, var.http_listener_forwards ? { http = aws_lb_listener.http.arn } : {})
  listener_rules = merge([
    for listener, arn in local.listeners : {
      for priority, rule in local.rules : "${listener} ${priority}" => merge(rule, { listener_arn = arn, priority = tonumber(priority) })
    }
  ]...)
}

resource "aws_lb_listener_rule" "this" {
  for_each = local.listener_rules

  listener_arn = each.value.listener_arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = each.value.target_group_arn
  }

  dynamic "condition" {
    for_each = length(each.value.host_headers) > 0 ? [each.value.host_headers] : []

    content {
      host_header {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.path_patterns) > 0 ? [each.value.path_patterns] : []

    content {
      path_pattern {
        values = condition.value
      }
    }
  }
}
