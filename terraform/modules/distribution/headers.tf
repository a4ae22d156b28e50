# Headers on every answer, of the site and of the services alike. They stand over whatever the origin says.
resource "aws_cloudfront_response_headers_policy" "this" {
  # checkov:skip=CKV_AWS_259: Browsers are held to HTTPS for a year; names below and preload lists are for the owner of the whole domain to promise.
  name    = "${var.name}-headers"
  comment = "Security headers of ${var.domain_name}"

  security_headers_config {
    # A year, as browsers' own lists ask for. Neither names below this one nor those lists are included: only the
    # owner of the whole domain can promise that, and the promise cannot be taken back.
    strict_transport_security {
      access_control_max_age_sec = 31536000
      override                   = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = true
    }

    dynamic "content_security_policy" {
      for_each = var.content_security_policy[*]

      content {
        content_security_policy = content_security_policy.value
        override                = true
      }
    }
  }

  custom_headers_config {
    items {
      header   = "Permissions-Policy"
      value    = var.permissions_policy
      override = true
    }
  }

  # Which program stands behind CloudFront is nobody's business.
  remove_headers_config {
    dynamic "items" {
      for_each = toset(["Server", "X-Powered-By"])

      content {
        header = items.value
      }
    }
  }

  lifecycle {
    # A distribution lets go of its policy before that is deleted.
    create_before_destroy = true
  }
}
