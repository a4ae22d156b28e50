# How many tasks run is then between min_count and max_count, which are Terraform's; the number itself is not.

resource "aws_appautoscaling_target" "this" {
  count = var.autoscaling == null ? 0 : 1

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${element(split("/", var.cluster_arn), 1)}/${aws_ecs_service.this.name}"
  min_capacity       = var.asleep ? 0 : var.autoscaling.min_count
  max_capacity       = var.asleep ? 0 : var.autoscaling.max_count
}

locals {
  # Metric, then the value to keep it at. With both, the one that asks for more tasks wins.
  scaling_targets = var.autoscaling == null ? {} : {
    for metric, value in {
      ECSServiceAverageCPUUtilization = var.autoscaling.cpu_percent
      ALBRequestCountPerTarget        = var.autoscaling.requests_per_target
    } : metric => value if value != null
  }
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.scaling_targets

  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value
    scale_in_cooldown  = var.autoscaling.scale_in_cooldown_seconds
    scale_out_cooldown = var.autoscaling.scale_out_cooldown_seconds

    predefined_metric_specification {
      predefined_metric_type = each.key
      # Requests are counted for one target group behind one load balancer.
      resource_label = each.key == "ALBRequestCountPerTarget" ? "${var.load_balancer_arn_suffix}/${aws_lb_target_group.this.arn_suffix}" : null
    }
  }
}
