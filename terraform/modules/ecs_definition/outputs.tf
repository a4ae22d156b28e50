output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "task_definition_family" {
  description = "Family that deployments register their revisions in."
  value       = aws_ecs_task_definition.this.family
}

output "task_definition_arn" {
  description = "Terraform's own revision: what deployments take all settings but the image from."
  value       = aws_ecs_task_definition.this.arn
}

output "container_name" {
  description = "Name of the container that the load balancer talks to, and that deployments give a new image."
  value       = var.lb_container_name
}

output "container_port" {
  description = "Port that this container listens on."
  value       = var.lb_container_port
}

output "target_group_arn" {
  description = "Target group that the tasks are registered in."
  value       = aws_lb_target_group.this.arn
}

output "log_group" {
  description = "Log group that the containers write to."
  value       = aws_cloudwatch_log_group.this.name
}

output "task_role_arn" {
  description = "Role of the service's code."
  value       = module.task_role.arn
}

output "execution_role_arn" {
  description = "Role that ECS starts the tasks with."
  value       = module.execution_role.arn
}

output "desired_count" {
  description = "Tasks that a deployment scales the service to. With autoscaling: that it has at least, until autoscaling says otherwise. None while asleep."
  value       = var.asleep ? 0 : var.desired_count
}

output "repository_url" {
  description = "Repository that the service's images are pushed to."
  value       = var.repository_url
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}
