# Terraform waits for whatever an expression names, used or not. The name of the origin is known before the load
# balancer is there, unless it is AWS's own name for it; so there are two calls, of which one is made, and the
# usual one names no load balancer: CloudFront with its records and the load balancer are made side by side.

module "distribution" {
  source = "../distribution"
  count  = local.origin_is_known ? 1 : 0

  name                  = local.name
  domain_name           = var.domain_name
  zone_id               = var.zone_id
  certificate_arn       = module.edge_certificate.arn
  site_origin           = local.site_origin
  services_origin       = local.origin_is_https ? local.https_origin : local.emulator_origin
  service_path_patterns = local.path_patterns_in_order

  content_security_policy = var.content_security_policy
  permissions_policy      = var.permissions_policy
  web_acl_arn             = var.web_acl_arn
  viewer_protocol_policy  = var.viewer_protocol_policy
  price_class             = var.price_class
  wait_for_deployment     = var.cloudfront_wait_for_deployment
}

module "distribution_behind_load_balancer" {
  source = "../distribution"
  count  = local.origin_is_known ? 0 : 1

  name                  = local.name
  domain_name           = var.domain_name
  zone_id               = var.zone_id
  certificate_arn       = module.edge_certificate.arn
  site_origin           = local.site_origin
  services_origin       = { host = module.load_balancer.dns_name, protocol_policy = "http-only" }
  service_path_patterns = local.path_patterns_in_order

  content_security_policy = var.content_security_policy
  permissions_policy      = var.permissions_policy
  web_acl_arn             = var.web_acl_arn
  viewer_protocol_policy  = var.viewer_protocol_policy
  price_class             = var.price_class
  wait_for_deployment     = var.cloudfront_wait_for_deployment
}

locals {
  distribution = one(concat(module.distribution, module.distribution_behind_load_balancer))

  origin_is_known = local.origin_is_https || var.emulator_port != null

  site_origin = {
    host                        = module.site_bucket.regional_domain_name
    access_control_id           = module.site_bucket.origin_access_control_id
    viewer_request_function_arn = module.site_bucket.viewer_request_function_arn
  }

  # CloudFront checks the name on an HTTPS origin's certificate, and AWS's own name for a load balancer is on
  # none: the load balancer gets a name of ours.
  https_origin = { host = local.origin_name, protocol_policy = "https-only", http_port = 80, path = "" }

  # The emulator serves each load balancer under a path of its own address too.
  emulator_origin = {
    host            = "localhost"
    protocol_policy = "http-only"
    http_port       = coalesce(var.emulator_port, 80)
    path            = "/_alb/${local.load_balancer_name}"
  }
}
