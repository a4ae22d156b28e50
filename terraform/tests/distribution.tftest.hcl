mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                  = "todo-staging"
  domain_name           = "staging.todo.example.com"
  zone_id               = "Z0123456789ABC"
  certificate_arn       = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111"
  site_origin           = { host = "todo-staging-site.s3.us-east-2.amazonaws.com", access_control_id = "E0123456789ABC" }
  services_origin       = { host = "origin.staging.todo.example.com" }
  service_path_patterns = ["/api/reports/*", "/api/*"]
}

run "services_are_never_cached_and_asked_in_the_order_given" {
  command = plan
  module {
    source = "./modules/distribution"
  }

  assert {
    condition     = aws_cloudfront_distribution.this.ordered_cache_behavior[*].path_pattern == tolist(["/api/reports/*", "/api/*"])
    error_message = "The longer path has to be asked first."
  }

  assert {
    # Managed-CachingDisabled, and all of the viewer's request but its host name.
    condition = alltrue([
      for behaviour in aws_cloudfront_distribution.this.ordered_cache_behavior :
      behaviour.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && behaviour.origin_request_policy_id == "b689b0a8-53d0-40ab-baf2-68738e2966ac" && behaviour.target_origin_id == "services"
    ])
    error_message = "A service's answers must not be kept at the edge."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && one([for origin in aws_cloudfront_distribution.this.origin : origin.custom_origin_config[0] if origin.origin_id == "services"]).origin_protocol_policy == "https-only"
    error_message = "Nothing older than TLS 1.2 in front, nothing but HTTPS behind."
  }

  assert {
    condition     = toset([for error in aws_cloudfront_distribution.this.custom_error_response : "${error.error_code}:${error.error_caching_min_ttl}"]) == toset([for code in [403, 404, 405, 500, 502, 503, 504] : "${code}:0"])
    error_message = "CloudFront keeps an error for ten seconds unless it is told not to."
  }

  assert {
    condition     = toset(keys(aws_route53_record.this)) == toset(["A", "AAAA"]) && aws_route53_record.this["A"].name == "staging.todo.example.com"
    error_message = "The address needs a record of each kind."
  }

  assert {
    condition     = length(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy) == 0 && one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).frame_options).frame_option == "DENY"
    error_message = "A header of every answer has changed."
  }
}

run "a_content_policy_and_routing_reach_the_edge" {
  command = plan
  module {
    source = "./modules/distribution"
  }
  variables {
    content_security_policy = "default-src 'self'"
    site_origin = {
      host                        = "todo-staging-site.s3.us-east-2.amazonaws.com"
      access_control_id           = "E0123456789ABC"
      viewer_request_function_arn = "arn:aws:cloudfront::123456789012:function/todo-staging-site"
    }
  }

  assert {
    condition     = one(one(aws_cloudfront_response_headers_policy.this.security_headers_config).content_security_policy).content_security_policy == "default-src 'self'"
    error_message = "The content policy has to be in every answer."
  }

  assert {
    condition     = one(aws_cloudfront_distribution.this.default_cache_behavior[0].function_association).function_arn == "arn:aws:cloudfront::123456789012:function/todo-staging-site" && alltrue([for behaviour in aws_cloudfront_distribution.this.ordered_cache_behavior : length(behaviour.function_association) == 0])
    error_message = "Routing is for the site's paths, not for the services'."
  }
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/distribution"
  }
  variables {
    name                    = "to do"
    domain_name             = "staging"
    zone_id                 = "todo.example.com"
    certificate_arn         = "arn:aws:acm:us-east-2:123456789012:certificate/11111111-1111-1111-1111-111111111111"
    site_origin             = { host = "", access_control_id = "E0123456789ABC" }
    services_origin         = { host = "origin.staging.todo.example.com", protocol_policy = "match-viewer" }
    service_path_patterns   = ["api"]
    content_security_policy = "default-src 'self'\nx: y"
    permissions_policy      = ""
    web_acl_arn             = "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/todo/1"
    viewer_protocol_policy  = "none"
    price_class             = "PriceClass_1"
  }
  expect_failures = [
    var.name, var.domain_name, var.zone_id, var.certificate_arn, var.site_origin, var.services_origin,
    var.service_path_patterns, var.content_security_policy, var.permissions_policy, var.web_acl_arn,
    var.viewer_protocol_policy, var.price_class,
  ]
}

run "refuses_a_function_that_is_none_and_a_path_that_ends_in_a_slash" {
  command = plan
  module {
    source = "./modules/distribution"
  }
  variables {
    site_origin     = { host = "todo-staging-site.s3.us-east-2.amazonaws.com", access_control_id = "E0123456789ABC", viewer_request_function_arn = "routing" }
    services_origin = { host = "origin.staging.todo.example.com", path = "/services/" }
  }
  expect_failures = [var.site_origin, var.services_origin]
}
