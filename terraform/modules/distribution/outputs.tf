output "id" {
  description = "Identifier of the distribution."
  value       = aws_cloudfront_distribution.this.id
}

output "arn" {
  description = "ARN of the distribution."
  value       = aws_cloudfront_distribution.this.arn
}

output "domain_name" {
  description = "Host name that CloudFront gave the distribution."
  value       = aws_cloudfront_distribution.this.domain_name
}
