output "cloudfront_distribution_id" {
  description = "Identifier of the CloudFront distribution."
  value       = local.distribution.id
}

output "cloudfront_domain_name" {
  description = "Host name that CloudFront gave the distribution."
  value       = local.distribution.domain_name
}

output "site_bucket" {
  description = "Bucket that the site is published to."
  value       = module.site_bucket.name
}

output "state_bucket" {
  description = "Bucket that the services keep their state in."
  value       = module.state_bucket.name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = aws_ecs_cluster.this.arn
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.load_balancer.arn
}

output "load_balancer_dns_name" {
  description = "Host name that AWS gave the load balancer."
  value       = module.load_balancer.dns_name
}

output "autoscaling_group_name" {
  description = "Name of the group of instances."
  value       = aws_autoscaling_group.this.name
}

output "services" {
  description = "Services by name: service_name, task_definition_family, task_definition_arn, container_name, container_port, target_group_arn, log_group, task_role_arn, execution_role_arn, desired_count, repository_url."
  value = {
    for name, service in module.service : name => {
      service_name           = service.service_name
      task_definition_family = service.task_definition_family
      task_definition_arn    = service.task_definition_arn
      container_name         = service.container_name
      container_port         = service.container_port
      target_group_arn       = service.target_group_arn
      log_group              = service.log_group
      task_role_arn          = service.task_role_arn
      execution_role_arn     = service.execution_role_arn
      desired_count          = service.desired_count
      repository_url         = service.repository_url
    }
  }

  precondition {
    condition     = length(distinct(values(local.path_priorities))) == length(local.path_priorities)
    error_message = "services: two path_patterns of the same length fall on the same place among the load balancer's rules: ${jsonencode(local.path_priorities)}. Make one of them longer."
  }
}

output "certificate_arns" {
  description = "Certificates: edge (CloudFront's, in us-east-1) and regional (the load balancer's)."
  value = {
    edge     = module.edge_certificate.arn
    regional = module.regional_certificate.arn
  }
}
