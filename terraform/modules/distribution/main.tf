locals {
  # Policies kept by AWS, the same identifiers in every account.
  caching_optimized             = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized
  caching_disabled              = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # Managed-CachingDisabled
  all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac" # Managed-AllViewerExceptHostHeader

  errors_never_cached = [403, 404, 405, 500, 502, 503, 504]

  site     = "site"
  services = "services"
}

resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV2_AWS_47: Which firewall rules stand before it is the caller's choice and bill: web_acl_arn.
  # checkov:skip=CKV_AWS_86: It would record every visitor, and nobody reads it: the services' own logs, and the load balancer's if asked for, are looked at.
  # checkov:skip=CKV_AWS_310: Files and services come from different origins, and neither can stand in for the other.
  # checkov:skip=CKV_AWS_374: Its users are not of one country, and a list of countries keeps out nobody who means harm.
  comment             = var.name
  aliases             = [var.domain_name]
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = var.price_class
  default_root_object = "index.html"
  wait_for_deployment = var.wait_for_deployment
  web_acl_id          = var.web_acl_arn

  origin {
    origin_id                = local.site
    domain_name              = var.site_origin.host
    origin_access_control_id = var.site_origin.access_control_id
  }

  origin {
    origin_id   = local.services
    domain_name = var.services_origin.host
    origin_path = var.services_origin.path

    custom_origin_config {
      http_port                = var.services_origin.http_port
      https_port               = 443
      origin_protocol_policy   = var.services_origin.protocol_policy
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 30
      origin_keepalive_timeout = 30
    }
  }

  # Whatever no service takes is a file of the site.
  default_cache_behavior {
    target_origin_id           = local.site
    viewer_protocol_policy     = var.viewer_protocol_policy
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id

    dynamic "function_association" {
      for_each = var.site_origin.viewer_request_function_arn[*]

      content {
        event_type   = "viewer-request"
        function_arn = function_association.value
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.service_path_patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = local.services
      viewer_protocol_policy     = var.viewer_protocol_policy
      allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = local.caching_disabled
      origin_request_policy_id   = local.all_viewer_except_host_header
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  # CloudFront keeps an error for ten seconds of its own accord, also where the cache policy says not to cache:
  # a list that was just made would still read as "not found".
  dynamic "custom_error_response" {
    for_each = local.errors_never_cached

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_route53_record" "this" {
  for_each = toset(["A", "AAAA"])

  zone_id = var.zone_id
  name    = var.domain_name
  type    = each.value

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
