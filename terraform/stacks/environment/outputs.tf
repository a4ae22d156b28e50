output "url" {
  description = "Address that people use."
  value       = "https://${var.domain_name}"
}

output "domain_name" {
  description = "Host name of the environment."
  value       = var.domain_name
}

output "cloudfront_distribution_id" {
  description = "Identifier of the CloudFront distribution."
  value       = module.environment.cloudfront_distribution_id
}

output "cloudfront_domain_name" {
  description = "Host name that CloudFront gave the distribution."
  value       = module.environment.cloudfront_domain_name
}

output "site_bucket" {
  description = "Bucket that the site is published to."
  value       = module.environment.site_bucket
}

output "state_bucket" {
  description = "Bucket that the services keep their state in."
  value       = module.environment.state_bucket
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.environment.cluster_name
}

output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = module.environment.cluster_arn
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.environment.load_balancer_arn
}

output "load_balancer_dns_name" {
  description = "Host name that AWS gave the load balancer."
  value       = module.environment.load_balancer_dns_name
}

output "autoscaling_group_name" {
  description = "Name of the group of instances."
  value       = module.environment.autoscaling_group_name
}

output "services" {
  description = "Services by name: service_name, task_definition_family, task_definition_arn, container_name, container_port, target_group_arn, log_group, task_role_arn, execution_role_arn, desired_count, repository_url."
  value       = module.environment.services
}

output "certificate_arns" {
  description = "Certificates: edge (CloudFront's, in us-east-1) and regional (the load balancer's)."
  value       = module.environment.certificate_arns
}
