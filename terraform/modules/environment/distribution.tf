locals {
  # Policies kept by AWS, the same identifiers in every account.
  caching_optimized                = "658327ea-f89d-4fab-a63d-7e88639e58f6" # Managed-CachingOptimized
  caching_disabled                 = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # Managed-CachingDisabled
  all_viewer_except_host_header    = "b689b0a8-53d0-40ab-baf2-68738e2966ac" # Managed-AllViewerExceptHostHeader
  security_headers                 = "67f7725c-6f97-4210-82d7-5512b31e9d03" # Managed-SecurityHeadersPolicy
  site_origin_id                   = "site"
  load_balancer_origin_id          = "load-balancer"
  load_balancer_origin_host        = local.origin_is_https ? local.origin_name : module.load_balancer.dns_name
  load_balancer_origin_timeout_s   = 30
  load_balancer_origin_keepalive_s = 30
}

resource "aws_cloudfront_distribution" "this" {
  comment             = local.name
  aliases             = [var.domain_name]
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = var.price_class
  default_root_object = "index.html"
  wait_for_deployment = var.cloudfront_wait_for_deployment

  origin {
    origin_id                = local.site_origin_id
    domain_name              = module.site_bucket.regional_domain_name
    origin_access_control_id = module.site_bucket.origin_access_control_id
  }

  origin {
    origin_id   = local.load_balancer_origin_id
    domain_name = local.load_balancer_origin_host

    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = var.origin_protocol_policy
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = local.load_balancer_origin_timeout_s
      origin_keepalive_timeout = local.load_balancer_origin_keepalive_s
    }
  }

  # Whatever no service takes is a file of the site.
  default_cache_behavior {
    target_origin_id           = local.site_origin_id
    viewer_protocol_policy     = var.viewer_protocol_policy
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = local.security_headers
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.services_in_order

    content {
      path_pattern               = var.services[ordered_cache_behavior.value].path_pattern
      target_origin_id           = local.load_balancer_origin_id
      viewer_protocol_policy     = var.viewer_protocol_policy
      allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = local.caching_disabled
      origin_request_policy_id   = local.all_viewer_except_host_header
      response_headers_policy_id = local.security_headers
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = module.edge_certificate.arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}
