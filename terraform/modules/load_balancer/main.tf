resource "aws_lb" "this" {
  # checkov:skip=CKV2_AWS_28: CloudFront stands before it and is the only one let in; a firewall belongs there (web_acl_arn of the distribution).
  # checkov:skip=CKV_AWS_150: deletion_protection is on for protected environments; a preview has to be able to go.
  name               = var.name
  internal           = var.internal
  load_balancer_type = "application"
  security_groups    = var.security_group_ids
  subnets            = var.subnet_ids

  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = var.idle_timeout_seconds

  dynamic "access_logs" {
    for_each = var.access_logs == null ? [] : [var.access_logs]

    content {
      enabled = true
      bucket  = access_logs.value.bucket
      prefix  = access_logs.value.prefix
    }
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = var.http_listener_forwards ? "fixed-response" : "redirect"

    dynamic "fixed_response" {
      for_each = var.http_listener_forwards ? [local.no_service] : []

      content {
        content_type = fixed_response.value.content_type
        message_body = fixed_response.value.message_body
        status_code  = fixed_response.value.status_code
      }
    }

    dynamic "redirect" {
      for_each = var.http_listener_forwards ? [] : ["https"]

      content {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = var.certificate_arns[0]

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = local.no_service.content_type
      message_body = local.no_service.message_body
      status_code  = local.no_service.status_code
    }
  }
}

resource "aws_lb_listener_certificate" "additional" {
  count = length(var.certificate_arns) - 1

  listener_arn    = aws_lb_listener.https.arn
  certificate_arn = var.certificate_arns[count.index + 1]
}

locals {
  # What a request gets that no service's rule takes.
  no_service = {
    content_type = "application/json"
    message_body = jsonencode({ cause = "No service answers this path." })
    status_code  = "404"
  }
}
