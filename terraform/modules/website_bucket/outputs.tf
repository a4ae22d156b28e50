output "name" {
  description = "Name of the bucket that the site is published to."
  value       = module.bucket.name
}

output "arn" {
  description = "ARN of the bucket."
  value       = module.bucket.arn
}

output "regional_domain_name" {
  description = "Host name that CloudFront uses as the origin."
  value       = module.bucket.regional_domain_name
}

output "origin_access_control_id" {
  description = "Identifier of the origin access control that the distribution signs its requests with."
  value       = aws_cloudfront_origin_access_control.this.id
}

output "viewer_request_function_arn" {
  description = "CloudFront function that routes viewers' requests, for the distribution, or null without routing."
  value       = one(aws_cloudfront_function.routing[*].arn)
}
